//! A sign-in provider as factories have one, on this machine: it can be told to lie in one way at a time.

use axum::Json;
use axum::Router;
use axum::extract::{Form, Query, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use ms5_floor::domain::time::TsMs;
use ms5_floor::server::auth::oidc::{CLIENT_SECRET, FileSettings, Settings};
use openidconnect::core::{
    CoreEdDsaPrivateSigningKey, CoreHmacKey, CoreIdToken, CoreIdTokenClaims, CoreJsonWebKeySet,
    CoreJwsSigningAlgorithm, CoreRsaPrivateSigningKey,
};
use openidconnect::{AccessToken, JsonWebKeyId, PkceCodeChallenge, PkceCodeVerifier};
use openidconnect::{PrivateSigningKey, url::Url};
use serde::Deserialize;
use serde_json::{Value, json};
use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use tokio::net::TcpListener;

/// Who we are to it.
pub const CLIENT: &str = "floor";
/// What proves that.
pub const SECRET: &str = "a secret of forty characters, or nearly so";
/// Signed by nobody else; for tests alone.
const RSA: &str = include_str!("sign_in_provider_rsa.pem");

/// The settings of a server that trusts this provider.
pub fn settings(issuer: &str) -> Settings {
    settings_with(issuer, "")
}

/// The same, with more lines.
pub fn settings_with(issuer: &str, more: &str) -> Settings {
    let text =
        format!("issuer = '{issuer}'\nclient_id = '{CLIENT}'\nname = 'Plant account'\n{more}");
    let file: FileSettings = toml::from_str(&text).expect("settings");
    let env = |name: &str| (name == CLIENT_SECRET).then(|| SECRET.to_owned());
    file.resolve(&env).expect("settings")
}

/// Goes to the provider as a browser does; returns the address to which it is sent back.
pub async fn sent_back(url: String) -> String {
    let answer = tokio::task::spawn_blocking(move || {
        let agent = ureq::Agent::config_builder()
            .max_redirects(0)
            .proxy(None)
            .build()
            .new_agent();
        agent.get(&url).call().expect("an answer")
    });
    let answer = answer.await.expect("an answer");
    let location = &answer.headers()["location"];
    location.to_str().expect("an address").to_owned()
}

/// What is wrong with the next answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lie {
    /// Nothing.
    Honest,
    /// Nothing, and signed with RSA, as most providers do.
    HonestWithRsa,
    /// The answer to another question.
    Nonce,
    /// Made out to another program.
    Audience,
    /// Made out to us and to another program.
    TwoAudiences,
    /// In another provider's name.
    Issuer,
    /// Over since a second.
    Expired,
    /// Signed by somebody else under the provider's key id.
    Signature,
    /// Signed with the secret that we share.
    SharedSecret,
    /// Made for another access token.
    AccessToken,
    /// No signed answer at all.
    NoToken,
}

struct Asked {
    nonce: String,
    challenge: String,
    redirect: String,
}

struct Inner {
    issuer: String,
    now: TsMs,
    lie: Mutex<Lie>,
    says: Mutex<Value>,
    key: Mutex<(String, CoreEdDsaPrivateSigningKey)>,
    codes: Mutex<HashMap<String, Asked>>,
    looked_up: AtomicUsize,
}

/// The provider.
#[derive(Clone)]
pub struct SignInProvider(Arc<Inner>);

fn ed25519(id: &str) -> CoreEdDsaPrivateSigningKey {
    let key = rcgen::KeyPair::generate_for(&rcgen::PKCS_ED25519).expect("a key");
    let id = JsonWebKeyId::new(id.to_owned());
    CoreEdDsaPrivateSigningKey::from_ed25519_pem(&key.serialize_pem(), Some(id)).expect("a key")
}

fn rsa() -> CoreRsaPrivateSigningKey {
    let id = JsonWebKeyId::new("rsa".to_owned());
    CoreRsaPrivateSigningKey::from_pem(RSA, Some(id)).expect("a key")
}

impl SignInProvider {
    /// Serves on a free port of this machine.
    pub async fn start(now: TsMs) -> Self {
        Self::on(TcpListener::bind("127.0.0.1:0").await.expect("a port"), now)
    }

    /// Serves there.
    pub fn on(listener: TcpListener, now: TsMs) -> Self {
        let issuer = format!("http://{}", listener.local_addr().expect("an address"));
        let provider = Self(Arc::new(Inner {
            issuer,
            now,
            lie: Mutex::new(Lie::Honest),
            says: Mutex::new(json!({
                "sub": "u-4711", "name": "Ada Ober", "email": "ada@plant.example", "email_verified": true,
            })),
            key: Mutex::new(("first".to_owned(), ed25519("first"))),
            codes: Mutex::default(),
            looked_up: AtomicUsize::new(0),
        }));
        let router = Router::new()
            .route("/.well-known/openid-configuration", get(configuration))
            .route("/keys", get(keys))
            .route("/authorize", get(authorize))
            .route("/token", post(token))
            .with_state(provider.clone());
        tokio::spawn(axum::serve(listener, router).into_future());
        provider
    }

    /// Its address.
    pub fn issuer(&self) -> &str {
        &self.0.issuer
    }

    /// Lies from now on.
    pub fn lie(&self, lie: Lie) {
        *self.0.lie.lock().unwrap_or_else(PoisonError::into_inner) = lie;
    }

    /// Says this of whoever signs in from now on, as far as it is told here.
    pub fn says(&self, what: &Value) {
        let mut says = self.0.says.lock().unwrap_or_else(PoisonError::into_inner);
        for (claim, value) in what.as_object().expect("claims") {
            says[claim] = value.clone();
        }
    }

    /// Signs with another key from now on.
    pub fn change_key(&self, id: &str) {
        *self.0.key.lock().unwrap_or_else(PoisonError::into_inner) = (id.to_owned(), ed25519(id));
    }

    /// Says nothing of this claim from now on.
    pub fn leaves_out(&self, claim: &str) {
        let mut says = self.0.says.lock().unwrap_or_else(PoisonError::into_inner);
        says.as_object_mut().expect("claims").remove(claim);
    }

    /// How often it was asked about itself.
    pub fn looked_up(&self) -> usize {
        self.0.looked_up.load(Ordering::SeqCst)
    }

    fn signed(&self, lie: Lie, nonce: &str, access: &AccessToken) -> CoreIdToken {
        let now = self.0.now.0 / 1000;
        let mut claims = json!({
            "iss": self.0.issuer, "aud": [CLIENT], "nonce": nonce, "iat": now - 10, "exp": now + 300,
        });
        let says = self.0.says.lock().unwrap_or_else(PoisonError::into_inner);
        for (claim, value) in says.as_object().expect("claims") {
            claims[claim] = value.clone();
        }
        drop(says);
        match lie {
            Lie::Nonce => claims["nonce"] = json!("another"),
            Lie::Audience => claims["aud"] = json!(["other"]),
            Lie::TwoAudiences => claims["aud"] = json!([CLIENT, "other"]),
            Lie::Issuer => claims["iss"] = json!("https://id.example"),
            Lie::Expired => claims["exp"] = json!(now - 1),
            _ => {}
        }
        let claims: CoreIdTokenClaims = serde_json::from_value(claims).expect("claims");
        let other = AccessToken::new("another".to_owned());
        let access = Some(if lie == Lie::AccessToken {
            &other
        } else {
            access
        });
        let key = self.0.key.lock().unwrap_or_else(PoisonError::into_inner);
        let ed = CoreJwsSigningAlgorithm::EdDsa;
        match lie {
            Lie::HonestWithRsa => {
                let algorithm = CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha256;
                CoreIdToken::new(claims, &rsa(), algorithm, access, None)
            }
            Lie::Signature => CoreIdToken::new(claims, &ed25519(&key.0), ed, access, None),
            Lie::SharedSecret => {
                let algorithm = CoreJwsSigningAlgorithm::HmacSha256;
                CoreIdToken::new(claims, &CoreHmacKey::new(SECRET), algorithm, access, None)
            }
            _ => CoreIdToken::new(claims, &key.1, ed, access, None),
        }
        .expect("a signed answer")
    }
}

async fn configuration(State(provider): State<SignInProvider>) -> Json<Value> {
    provider.0.looked_up.fetch_add(1, Ordering::SeqCst);
    let at = |path: &str| format!("{}{path}", provider.issuer());
    Json(json!({
        "issuer": provider.issuer(), "authorization_endpoint": at("/authorize"), "token_endpoint": at("/token"),
        "jwks_uri": at("/keys"), "response_types_supported": ["code"], "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["RS256", "EdDSA", "HS256"],
    }))
}

async fn keys(State(provider): State<SignInProvider>) -> Json<CoreJsonWebKeySet> {
    let key = provider
        .0
        .key
        .lock()
        .unwrap_or_else(PoisonError::into_inner);
    let keys = vec![key.1.as_verification_key(), rsa().as_verification_key()];
    Json(CoreJsonWebKeySet::new(keys))
}

#[derive(Deserialize)]
struct Question {
    response_type: String,
    client_id: String,
    redirect_uri: String,
    scope: String,
    state: String,
    nonce: String,
    code_challenge: String,
    code_challenge_method: String,
}

/// The person has signed in there already: the browser goes back at once.
async fn authorize(
    State(provider): State<SignInProvider>,
    Query(asked): Query<Question>,
) -> Response {
    let right = asked.response_type == "code"
        && asked.client_id == CLIENT
        && asked.code_challenge_method == "S256"
        && asked.scope.split(' ').any(|scope| scope == "openid");
    if !right {
        return StatusCode::BAD_REQUEST.into_response();
    }
    let mut back = Url::parse(&asked.redirect_uri).expect("an address");
    let mut codes = provider
        .0
        .codes
        .lock()
        .unwrap_or_else(PoisonError::into_inner);
    let code = format!("code-{}", codes.len());
    back.query_pairs_mut()
        .append_pair("code", &code)
        .append_pair("state", &asked.state);
    codes.insert(
        code,
        Asked {
            nonce: asked.nonce,
            challenge: asked.code_challenge,
            redirect: asked.redirect_uri,
        },
    );
    Redirect::to(back.as_str()).into_response()
}

#[derive(Deserialize)]
struct Trade {
    code: String,
    redirect_uri: String,
    #[serde(default)]
    code_verifier: String,
}

async fn token(
    State(provider): State<SignInProvider>,
    headers: HeaderMap,
    Form(trade): Form<Trade>,
) -> Response {
    let refused =
        |why: &str| (StatusCode::BAD_REQUEST, Json(json!({"error": why}))).into_response();
    let known = headers
        .get(header::AUTHORIZATION)
        .is_some_and(|h| h.as_bytes().starts_with(b"Basic "));
    if !known {
        return refused("invalid_client");
    }
    let asked = {
        let mut codes = provider
            .0
            .codes
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        codes.remove(&trade.code)
    };
    // RFC 7636.
    if !(43..=128).contains(&trade.code_verifier.len()) {
        return refused("invalid_grant");
    }
    let verifier = PkceCodeVerifier::new(trade.code_verifier);
    let challenge = PkceCodeChallenge::from_code_verifier_sha256(&verifier);
    let Some(asked) = asked.filter(|asked| {
        asked.challenge == challenge.as_str() && asked.redirect == trade.redirect_uri
    }) else {
        return refused("invalid_grant");
    };
    let lie = *provider
        .0
        .lie
        .lock()
        .unwrap_or_else(PoisonError::into_inner);
    let access = AccessToken::new("an access token".to_owned());
    let mut answer =
        json!({"access_token": access.secret(), "token_type": "Bearer", "expires_in": 300});
    if lie != Lie::NoToken {
        answer["id_token"] = json!(provider.signed(lie, &asked.nonce, &access));
    }
    Json(answer).into_response()
}
