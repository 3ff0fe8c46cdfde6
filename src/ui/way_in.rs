//! Where whoever is signed out goes to come back to the page that is open.

/// The address of the sign-in page that leads back here. The server draws no page for somebody whom it does not know.
#[must_use]
pub fn way_in() -> String {
    #[cfg(feature = "hydrate")]
    {
        let here = leptos::prelude::window().location();
        let (path, query) = (here.pathname(), here.search());
        let here = path.unwrap_or_default() + &query.unwrap_or_default();
        let next = String::from(js_sys::encode_uri_component(&here));
        format!("/sign-in?next={next}")
    }
    #[cfg(not(feature = "hydrate"))]
    "/sign-in".to_owned()
}
