//! A browser in front of the server: it keeps the cookie, sends forms, and asks for pages as browsers do.

use crate::harness::{Answer, HERE, Routes, Server};
use axum::body::Body;
use axum::http::{Method, Request, StatusCode, header};
use ms5_floor::domain::ids::PersonId;
use ms5_floor::domain::rights::PermissionSet;
use ms5_floor::server::db::people::{self, GivenRow};
use ms5_floor::server::db::roles;
use ms5_floor::ui::sheets::address::encoded;
use std::marker::PhantomData;
use std::net::IpAddr;

/// What every person of the tests types.
pub const PASSWORD: &str = "grey kettle on line 4";

/// A browser with a cookie jar for one cookie.
pub struct Browser<'s> {
    routes: Routes,
    /// Its server is there as long as it is.
    server: PhantomData<&'s Server>,
    /// The cookie, as it is sent.
    pub cookie: Option<String>,
    /// Where it runs.
    pub from: IpAddr,
    /// What stands in its address bar.
    pub host: &'static str,
    /// What it says of itself.
    pub agent: &'static str,
}

impl<'s> Browser<'s> {
    /// One that was never here.
    pub fn new(server: &'s Server) -> Self {
        Self {
            routes: server.routes(),
            server: PhantomData,
            cookie: None,
            from: HERE,
            host: "floor.example",
            agent: "a browser of the tests",
        }
    }

    /// The same, elsewhere.
    pub fn at(mut self, from: [u8; 4]) -> Self {
        self.from = from.into();
        self
    }

    /// One that has signed in.
    pub async fn signed_in(server: &'s Server, login: &str) -> Self {
        let mut browser = Self::new(server);
        let answer = browser.sign_in(login, PASSWORD).await;
        assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", text(&answer));
        browser
    }

    /// One in which a new person with this role on the whole site has signed in.
    pub async fn of(server: &'s Server, login: &str, role: &str) -> Self {
        add_person(server, login, role).await;
        Self::signed_in(server, login).await
    }

    /// Sends the form of the sign-in page.
    pub async fn sign_in(&mut self, login: &str, password: &str) -> Answer {
        self.post("/sign-in", &[("login", login), ("password", password)])
            .await
    }

    /// Asks for a page.
    pub async fn get(&mut self, path: &str) -> Answer {
        self.send(Method::GET, path, None, Body::empty()).await
    }

    /// Follows a link on the page `from`.
    pub async fn get_from(&mut self, from: &str, path: &str) -> Answer {
        self.send(Method::GET, path, Some(from), Body::empty())
            .await
    }

    /// Sends a form.
    pub async fn post(&mut self, path: &str, form: &[(&str, &str)]) -> Answer {
        self.send(Method::POST, path, None, body_of(form)).await
    }

    /// Sends a form that stands on the page `from`.
    pub async fn post_from(&mut self, from: &str, path: &str, form: &[(&str, &str)]) -> Answer {
        self.send(Method::POST, path, Some(from), body_of(form))
            .await
    }

    async fn send(&mut self, method: Method, path: &str, from: Option<&str>, body: Body) -> Answer {
        let mut request = Request::builder()
            .method(method)
            .uri(path)
            .header(header::HOST, self.host)
            .header(header::ACCEPT, "text/html")
            .header(header::USER_AGENT, self.agent)
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .header("sec-fetch-site", "same-origin");
        if let Some(from) = from {
            request = request.header(header::REFERER, format!("http://floor.example{from}"));
        }
        if let Some(cookie) = &self.cookie {
            request = request.header(header::COOKIE, cookie);
        }
        let request = request.body(body).expect("a request");
        let answer = self.routes.ask(self.from, request).await;
        if let Some(set) = answer.headers.get(header::SET_COOKIE) {
            let set = set.to_str().expect("a cookie");
            let pair = set.split(';').next().unwrap_or_default();
            let gone = set.contains("Max-Age=0");
            self.cookie = (!gone).then(|| pair.to_owned());
        }
        answer
    }
}

fn body_of(form: &[(&str, &str)]) -> Body {
    let pair = |(name, value): &(&str, &str)| format!("{}={}", encoded(name), encoded(value));
    let pairs: Vec<String> = form.iter().map(pair).collect();
    Body::from(pairs.join("&"))
}

/// Adds a person with the password of the tests and one role on the whole site.
pub async fn add_person(server: &Server, login: &str, role: &str) -> PersonId {
    add_person_with(server, login, |row| row, role).await
}

/// The same, the role given as `place` says.
pub async fn add_person_with(
    server: &Server,
    login: &str,
    place: impl FnOnce(GivenRow) -> GivenRow,
    role: &str,
) -> PersonId {
    let app = &server.app;
    let kept = app.hasher.hash(PASSWORD.to_owned()).await.expect("a hash");
    let role = role_id(server, role).await;
    let mut tx = app.db.begin().await.expect("a transaction");
    let name = format!("{login} Tester");
    let id = people::add(&mut tx, (login, &name, ""), false, app.clock.now())
        .await
        .expect("a person");
    people::set_password(&mut tx, id, Some(&kept), false)
        .await
        .expect("a password");
    let given = place(GivenRow {
        person_id: id.0,
        role_id: role,
        area_id: None,
        line_id: None,
    });
    people::give_role(&mut tx, given).await.expect("a role");
    tx.commit().await.expect("committed");
    app.people.forget();
    id
}

/// Adds a role of the site's own.
pub async fn add_role(server: &Server, code: &str, set: PermissionSet) -> i64 {
    let mut tx = server.app.db.begin().await.expect("a transaction");
    let added = roles::add(&mut tx, (code, code), &set.names(), "/").await;
    tx.commit().await.expect("committed");
    added.expect("a role").0
}

/// The number of a role.
pub async fn role_id(server: &Server, code: &str) -> i64 {
    let (rows, _) = roles::all(&server.app.db).await.expect("roles");
    rows.iter().find(|r| r.code == code).expect("the role").id
}

/// An answer's body.
pub fn text(answer: &Answer) -> String {
    String::from_utf8_lossy(&answer.body).into_owned()
}

/// Where an answer leads.
pub fn leads_to(answer: &Answer) -> String {
    let to = answer.headers.get(header::LOCATION);
    let to = to.unwrap_or_else(|| panic!("leads nowhere: {} {}", answer.status, text(answer)));
    to.to_str().expect("an address").to_owned()
}

/// What stands between `before` and `after` on a page.
pub fn between(page: &str, before: &str, after: &str) -> String {
    let (_, rest) = page
        .split_once(before)
        .unwrap_or_else(|| panic!("{before} is not in {page}"));
    let (found, _) = rest
        .split_once(after)
        .unwrap_or_else(|| panic!("{after} is not in {rest}"));
    found.to_owned()
}

/// Enrols a device on line L1, which shows its page; returns the path of its link.
pub async fn enrol(admin: &mut Browser<'_>, kind: &str, name: &str) -> String {
    let form = [
        ("kind", kind),
        ("name", name),
        ("page", "/lines/L1"),
        ("place", "line:L1"),
    ];
    link(admin, "/admin/devices", &form).await
}

/// Asks for the link of a device, enrolled or to be enrolled, and returns its path.
pub async fn link(admin: &mut Browser<'_>, path: &str, form: &[(&str, &str)]) -> String {
    let answer = admin.post(path, form).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", text(&answer));
    let link = between(&text(&answer), "class=\"once-secret\">", "</code>");
    let path = link
        .strip_prefix("http://floor.example")
        .unwrap_or_else(|| panic!("{link}"));
    path.to_owned()
}
