//! Where somebody goes on to after signing in: only ever on this site.

use crate::ui::sheets::address::encoded;
use axum::http::{HeaderMap, Uri, header};

/// Ways in and out, and what is no page: nobody goes on there after signing in, and it is no role's first page.
const NOWHERE: [&str; 5] = ["/sign-", "/set-up/", "/device/", "/api/", "/pkg/"];

/// Where somebody wants to go: a path on this site, never another site's address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Next(String);

impl Next {
    /// The path, or the first page of whoever signs in.
    #[must_use]
    pub fn parse(wanted: &str) -> Self {
        let bytes = wanted.as_bytes();
        let local = bytes.first() == Some(&b'/')
            && !matches!(bytes.get(1), Some(b'/' | b'\\'))
            && bytes.iter().all(|b| b.is_ascii_graphic() && *b != b'\\')
            && !NOWHERE.iter().any(|p| wanted.starts_with(p));
        Self(if local {
            wanted.to_owned()
        } else {
            String::new()
        })
    }

    /// The page of this site on which a link was tapped or a form was sent.
    #[must_use]
    pub fn back(headers: &HeaderMap) -> Self {
        let from = headers.get(header::REFERER).and_then(|r| r.to_str().ok());
        let from = from.and_then(|r| r.parse::<Uri>().ok());
        let path = from.as_ref().and_then(|uri| uri.path_and_query());
        Self::parse(path.map_or("", |p| p.as_str()))
    }

    /// The path; empty when there is none.
    #[must_use]
    pub fn path(&self) -> &str {
        &self.0
    }

    /// As the query of the sign-in page.
    #[must_use]
    pub fn query(&self) -> String {
        if self.0.is_empty() || self.0 == "/" {
            return String::new();
        }
        format!("?next={}", encoded(&self.0))
    }

    /// The path, or `first_page` when there is none.
    #[must_use]
    pub fn or<'a>(&'a self, first_page: &'a str) -> &'a str {
        if self.0.is_empty() {
            first_page
        } else {
            &self.0
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn only_paths_of_this_site_are_followed() {
        for path in ["/", "/lines/FILL-1?view=stops", "/admin/people"] {
            assert_eq!(Next::parse(path).0, path);
        }
        for trap in [
            "//evil.example",
            "/\\evil.example",
            "https://evil.example",
            "javascript:alert(1)",
            "",
            "lines",
            "/\tevil",
            "/\u{e9}",
            "/a\r\nSet-Cookie: x=1",
            "/sign-in?next=/",
            "/api/board",
            "/device/abc",
            "/set-up/abc",
            "/sign-out",
        ] {
            assert_eq!(Next::parse(trap).0, "", "{trap:?}");
        }
    }

    proptest! {
        #[test]
        fn whatever_is_followed_stays_on_this_site(wanted in ".{0,40}") {
            let next = Next::parse(&wanted);
            prop_assert!(next.0.is_empty() || (next.0.starts_with('/') && !next.0.starts_with("//")));
            prop_assert!(axum::http::HeaderValue::from_str(next.or("/")).is_ok());
        }
    }
}
