//! A browser as far as forms need one: it keeps its cookie, and says that its requests come from the site's own pages.

use crate::harness::{Answer, Server};
use axum::body::Body;
use axum::http::{Method, Request, StatusCode, header};
use ms5_floor::domain::ids::PersonId;
use ms5_floor::domain::rights::PermissionSet;
use ms5_floor::server::auth::rights::Roles;
use ms5_floor::server::db::people::{self, GivenRow};
use ms5_floor::server::db::roles;
use ms5_floor::ui::sheets::address::encoded;

/// The password of whoever a test adds.
pub const PASSWORD: &str = "grey kettle on line 4";

/// A browser.
pub struct Browser<'s> {
    server: &'s Server,
    cookie: Option<String>,
}

impl<'s> Browser<'s> {
    /// A browser in which nobody signed in.
    pub fn new(server: &'s Server) -> Self {
        let cookie = None;
        Self { server, cookie }
    }

    /// One in which a new person with this role signed in.
    pub async fn of(server: &'s Server, login: &str, role: &str) -> Self {
        person(server, login, role).await;
        let mut browser = Self::new(server);
        let answer = browser.sign_in(login, PASSWORD).await;
        assert_eq!(answer.status, StatusCode::SEE_OTHER, "{login}: {answer:?}");
        browser
    }

    /// Signs in.
    pub async fn sign_in(&mut self, login: &str, password: &str) -> Answer {
        self.post("/sign-in", &[("login", login), ("password", password)])
            .await
    }

    /// Opens a page.
    pub async fn get(&mut self, path: &str) -> Answer {
        self.ask(Method::GET, path, String::new()).await
    }

    /// Sends a form.
    pub async fn post(&mut self, path: &str, form: &[(&str, &str)]) -> Answer {
        let fields = form
            .iter()
            .map(|(name, value)| format!("{}={}", encoded(name), encoded(value)));
        let body = fields.collect::<Vec<_>>().join("&");
        self.ask(Method::POST, path, body).await
    }

    async fn ask(&mut self, method: Method, path: &str, body: String) -> Answer {
        let mut request = Request::builder()
            .method(method)
            .uri(path)
            .header("sec-fetch-site", "same-origin")
            .header(header::ACCEPT, "text/html")
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
        if let Some(cookie) = &self.cookie {
            request = request.header(header::COOKIE, cookie);
        }
        let request = request.body(Body::from(body)).expect("a request");
        let answer = self.server.ask_as_it_is(request).await;
        if let Some(set) = answer.headers.get(header::SET_COOKIE) {
            let set = set.to_str().expect("a cookie");
            self.cookie = set.split(';').next().map(str::to_owned);
        }
        answer
    }
}

/// Adds a person with a password and a role on the whole site.
pub async fn person(server: &Server, login: &str, role: &str) -> PersonId {
    let db = &server.app.db;
    let roles = Roles::load(db).await.expect("roles");
    let role_id = roles
        .by_code(role)
        .unwrap_or_else(|| panic!("role {role}"))
        .id;
    let kept = server
        .app
        .hasher
        .hash(PASSWORD.to_owned())
        .await
        .expect("a hash");
    let mut tx = db.begin().await.expect("a transaction");
    let now = server.app.clock.now();
    let id = people::add(
        &mut tx,
        (login, &format!("Name of {login}"), ""),
        false,
        now,
    )
    .await
    .expect("a person");
    people::set_password(&mut tx, id, Some(&kept), false)
        .await
        .expect("a password");
    let given = GivenRow {
        person_id: id.0,
        role_id,
        area_id: None,
        line_id: None,
    };
    people::give_role(&mut tx, given).await.expect("a role");
    tx.commit().await.expect("a commit");
    id
}

/// Adds a role of the site's own.
pub async fn role(server: &Server, code: &str, set: PermissionSet) -> i64 {
    let mut tx = server.app.db.begin().await.expect("a transaction");
    let id = roles::add(&mut tx, (code, code), &set.names(), "/")
        .await
        .expect("a role");
    tx.commit().await.expect("a commit");
    id.0
}

/// The number of a role.
pub async fn role_id(server: &Server, code: &str) -> i64 {
    let roles = Roles::load(&server.app.db).await.expect("roles");
    roles
        .by_code(code)
        .unwrap_or_else(|| panic!("role {code}"))
        .id
}
