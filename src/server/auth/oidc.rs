//! OpenID Connect: a provider of the operator's (Keycloak, Entra ID, AD FS, ...) says who somebody is.
//!
//! Authorization code with PKCE. What the provider says counts only when it is signed by one of its keys, made out to us,
//! not over, and answers the very question that we asked (`state`, `nonce`). The provider is looked up when somebody wants
//! to sign in: the server starts without it, and finds it when it is back.

mod outbound;
mod settings;

pub use settings::{ADDRESSES_ARE_VERIFIED, CLIENT_SECRET, FileSettings, Settings, SettingsError};

use crate::server::clock::Clock;
use openidconnect::core::{
    CoreAuthenticationFlow, CoreClient, CoreClientAuthMethod, CoreIdTokenClaims,
    CoreJwsSigningAlgorithm, CoreProviderMetadata, CoreTokenResponse,
};
use openidconnect::{
    AccessTokenHash, AuthType, AuthorizationCode, ClaimsVerificationError, ClientId, ClientSecret,
    CsrfToken, DiscoveryError, EndpointMaybeSet, EndpointNotSet, EndpointSet, IdTokenVerifier,
    Nonce, OAuth2TokenResponse, PkceCodeChallenge, PkceCodeVerifier, RedirectUrl,
    RequestTokenError, Scope, SignatureVerificationError, TokenResponse,
};
use serde::{Deserialize, Serialize};
use std::fmt;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, Instant, UNIX_EPOCH};

/// How long what a provider told of itself is believed.
const KNOWN_FOR: Duration = Duration::from_secs(3600);

/// Signatures that only the provider can make. One made with our shared secret proves less, and `none` nothing.
const SIGNATURES: [CoreJwsSigningAlgorithm; 9] = [
    CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha256,
    CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha384,
    CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha512,
    CoreJwsSigningAlgorithm::RsaSsaPssSha256,
    CoreJwsSigningAlgorithm::RsaSsaPssSha384,
    CoreJwsSigningAlgorithm::RsaSsaPssSha512,
    CoreJwsSigningAlgorithm::EcdsaP256Sha256,
    CoreJwsSigningAlgorithm::EcdsaP384Sha384,
    CoreJwsSigningAlgorithm::EdDsa,
];

type Client = CoreClient<
    EndpointSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointMaybeSet,
    EndpointMaybeSet,
>;

/// Why nobody was signed in.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OidcError {
    /// It does not answer, or not in time.
    #[error("the sign-in provider does not answer: {0}")]
    Unreachable(String),
    /// It answers something that cannot be used.
    #[error("the sign-in provider answers what cannot be used: {0}")]
    Unusable(String),
    /// It refused to trade the code for an answer.
    #[error("the sign-in provider refused: {0}")]
    Refused(String),
    /// The browser came back with another question's answer.
    #[error("this answer does not belong to the sign-in that was begun")]
    OtherState,
    /// What it says about the person does not hold.
    #[error("what the sign-in provider says cannot be believed: {0}")]
    Unbelievable(String),
    /// The address to come back to is none.
    #[error("redirect address: {0}")]
    Redirect(String),
}

/// A sign-in that was begun. All but `url` is kept on the server, with the browser's session, until the browser is back.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Begun {
    /// Where the browser goes.
    pub url: String,
    /// What the browser must bring back.
    pub state: String,
    /// What must stand in the signed answer.
    pub nonce: String,
    /// What proves that who trades the code is who began.
    pub pkce_verifier: String,
    /// Where the browser comes back to.
    pub redirect_url: String,
}

/// Without what must not stand in a log.
impl fmt::Debug for Begun {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Begun")
            .field("redirect_url", &self.redirect_url)
            .finish_non_exhaustive()
    }
}

/// Who somebody is, as the provider says. `issuer` and `subject` together are the person; the rest may change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// The provider.
    pub issuer: String,
    /// The provider's own, lasting name of the person.
    pub subject: String,
    /// The address for mail, if told.
    pub email: Option<String>,
    /// The provider has checked that the address is the person's, as it says itself, or our settings say of all of its addresses.
    pub email_verified: bool,
    /// What the person is called, if told.
    pub name: Option<String>,
}

/// The provider. Cheap to clone.
#[derive(Clone)]
pub struct Provider(Arc<Inner>);

struct Inner {
    settings: Settings,
    clock: Clock,
    agent: ureq::Agent,
    known: RwLock<Option<(Instant, Arc<CoreProviderMetadata>)>>,
}

impl fmt::Debug for Provider {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Provider").field(&self.0.settings).finish()
    }
}

impl Provider {
    /// Nothing is asked yet.
    #[must_use]
    pub fn new(settings: Settings, clock: Clock) -> Self {
        let agent = outbound::agent(&settings);
        Self(Arc::new(Inner {
            settings,
            clock,
            agent,
            known: RwLock::new(None),
        }))
    }

    /// What people call it.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.0.settings.name
    }

    /// Asks the provider about itself, whatever is known already: at the start, to tell whether the settings are right.
    ///
    /// # Errors
    /// When it does not answer or answers something else.
    pub async fn discover(&self) -> Result<(), OidcError> {
        self.blocking(|inner| inner.discover().map(drop)).await
    }

    /// Begins a sign-in that comes back to `redirect_url`.
    ///
    /// # Errors
    /// When the provider cannot be used, or the address is none.
    pub async fn begin(&self, redirect_url: &str) -> Result<Begun, OidcError> {
        let redirect_url = redirect_url.to_owned();
        self.blocking(move |inner| inner.begin(redirect_url)).await
    }

    /// Ends it: trades the `code` that the browser brought for a signed answer, and checks that.
    ///
    /// # Errors
    /// When `state` is not that of the sign-in, the provider refuses, or what it says cannot be believed.
    pub async fn finish(
        &self,
        code: String,
        state: &str,
        begun: &Begun,
    ) -> Result<Identity, OidcError> {
        if state != begun.state {
            return Err(OidcError::OtherState);
        }
        let begun = begun.clone();
        self.blocking(move |inner| inner.finish(code, begun)).await
    }

    /// The client waits while it asks, so it has a thread of its own.
    async fn blocking<T: Send + 'static>(
        &self,
        ask: impl FnOnce(&Inner) -> Result<T, OidcError> + Send + 'static,
    ) -> Result<T, OidcError> {
        let inner = Arc::clone(&self.0);
        tokio::task::spawn_blocking(move || ask(&inner))
            .await
            .unwrap_or_else(|error| Err(OidcError::Unusable(error.to_string())))
    }
}

impl Inner {
    fn discover(&self) -> Result<Arc<CoreProviderMetadata>, OidcError> {
        let ask = |request| outbound::ask(&self.agent, request);
        let found = CoreProviderMetadata::discover(&self.settings.issuer, &ask);
        let found = Arc::new(found.map_err(|error| match error {
            DiscoveryError::Request(error) => OidcError::Unreachable(error.to_string()),
            other => OidcError::Unusable(whole(&other)),
        })?);
        *self.known.write().unwrap_or_else(PoisonError::into_inner) =
            Some((Instant::now(), Arc::clone(&found)));
        Ok(found)
    }

    /// What the provider told of itself, a while ago at most.
    fn known(&self) -> Result<Arc<CoreProviderMetadata>, OidcError> {
        let known = self
            .known
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .clone();
        match known {
            Some((at, known)) if at.elapsed() < KNOWN_FOR => Ok(known),
            _ => self.discover(),
        }
    }

    fn client(&self, known: &CoreProviderMetadata, back: RedirectUrl) -> Client {
        let id = ClientId::new(self.settings.client_id.clone());
        let secret = self.settings.client_secret.clone().map(ClientSecret::new);
        // In the header unless the provider takes it in the body only.
        let ways = known.token_endpoint_auth_methods_supported();
        let in_body = ways.is_some_and(|ways| {
            ways.contains(&CoreClientAuthMethod::ClientSecretPost)
                && !ways.contains(&CoreClientAuthMethod::ClientSecretBasic)
        });
        let way = if in_body {
            AuthType::RequestBody
        } else {
            AuthType::BasicAuth
        };
        CoreClient::from_provider_metadata(known.clone(), id, secret)
            .set_auth_type(way)
            .set_redirect_uri(back)
    }

    fn begin(&self, redirect_url: String) -> Result<Begun, OidcError> {
        let client = self.client(&*self.known()?, back(&redirect_url)?);
        let (challenge, verifier) = PkceCodeChallenge::new_random_sha256();
        let (url, state, nonce) = client
            .authorize_url(
                CoreAuthenticationFlow::AuthorizationCode,
                CsrfToken::new_random,
                Nonce::new_random,
            )
            .add_scope(Scope::new("email".to_owned()))
            .add_scope(Scope::new("profile".to_owned()))
            .set_pkce_challenge(challenge)
            .url();
        Ok(Begun {
            url: url.to_string(),
            state: state.into_secret(),
            nonce: nonce.secret().clone(),
            pkce_verifier: verifier.into_secret(),
            redirect_url,
        })
    }

    fn finish(&self, code: String, begun: Begun) -> Result<Identity, OidcError> {
        let redirect = back(&begun.redirect_url)?;
        let client = self.client(&*self.known()?, redirect.clone());
        let ask = |request| outbound::ask(&self.agent, request);
        let answer = client
            .exchange_code(AuthorizationCode::new(code))
            .map_err(|error| OidcError::Unusable(error.to_string()))?
            .set_pkce_verifier(PkceCodeVerifier::new(begun.pkce_verifier))
            .request(&ask)
            .map_err(|error| match error {
                RequestTokenError::ServerResponse(told) => OidcError::Refused(told.to_string()),
                RequestTokenError::Request(error) => OidcError::Unreachable(error.to_string()),
                other => OidcError::Unusable(whole(&other)),
            })?;
        let nonce = Nonce::new(begun.nonce);
        match self.believe(&client, &answer, &nonce) {
            // Signed with a key that is new since we asked for the keys.
            Err(ClaimsVerificationError::SignatureVerification(
                SignatureVerificationError::NoMatchingKey,
            )) => self.believe(&self.client(&*self.discover()?, redirect), &answer, &nonce),
            settled => settled,
        }
        .map_err(|error| OidcError::Unbelievable(whole(&error)))
    }

    /// Who the answer says it is, if that holds now.
    fn believe(
        &self,
        client: &Client,
        answer: &CoreTokenResponse,
        nonce: &Nonce,
    ) -> Result<Identity, ClaimsVerificationError> {
        let wrong = |why: String| ClaimsVerificationError::Other(why);
        let token = answer
            .id_token()
            .ok_or_else(|| wrong("there is no ID token in its answer".to_owned()))?;
        let now = u64::try_from(self.clock.now().0).unwrap_or_default();
        let now = UNIX_EPOCH + Duration::from_millis(now);
        let verifier: IdTokenVerifier<'_, _> = client
            .id_token_verifier()
            .set_allowed_algs(SIGNATURES)
            .set_time_fn(move || now.into());
        let claims = token.claims(&verifier, nonce)?;
        if let Some(expected) = claims.access_token_hash() {
            let made = token
                .signing_alg()
                .map_err(|e| wrong(e.to_string()))
                .and_then(|alg| {
                    let key = token
                        .signing_key(&verifier)
                        .map_err(|e| wrong(e.to_string()))?;
                    AccessTokenHash::from_token(answer.access_token(), alg, key)
                        .map_err(|e| wrong(e.to_string()))
                })?;
            if made != *expected {
                return Err(wrong("its parts do not belong together".to_owned()));
            }
        }
        Ok(identity(claims, self.settings.addresses_are_verified))
    }
}

/// Who it is; `unsaid` is whether an address was checked of which the provider says neither.
fn identity(claims: &CoreIdTokenClaims, unsaid: bool) -> Identity {
    let name = claims.name().and_then(|name| name.get(None));
    let called = name.map(|name| name.to_string());
    let user = claims.preferred_username().map(|user| user.to_string());
    Identity {
        issuer: claims.issuer().to_string(),
        subject: claims.subject().to_string(),
        email: claims.email().map(|email| email.to_string()),
        email_verified: claims.email_verified().unwrap_or(unsaid),
        name: called.or(user),
    }
}

fn back(url: &str) -> Result<RedirectUrl, OidcError> {
    RedirectUrl::new(url.to_owned()).map_err(|error| OidcError::Redirect(error.to_string()))
}

/// An error with its causes, in one line.
fn whole(error: &dyn std::error::Error) -> String {
    let mut told = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        told = format!("{told}: {error}");
        cause = error.source();
    }
    told
}
