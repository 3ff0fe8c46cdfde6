//! What a browser calls itself, in words that tell one session from another.

/// Names that browsers give themselves, the more particular first: most of them also name those they descend from.
const BROWSERS: [(&str, &str); 6] = [
    ("Edg/", "Edge"),
    ("OPR/", "Opera"),
    ("SamsungBrowser/", "Samsung Internet"),
    ("Firefox/", "Firefox"),
    ("Chrome/", "Chrome"),
    ("Version/", "Safari"),
];

/// And of what they run on.
const SYSTEMS: [(&str, &str); 7] = [
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Android", "Android"),
    ("Windows", "Windows"),
    ("CrOS", "ChromeOS"),
    ("Mac OS X", "macOS"),
    ("Linux", "Linux"),
];

/// `Firefox 142 on Windows`; what is not known is left as it is.
#[must_use]
pub fn in_words(agent: &str) -> String {
    if agent.is_empty() {
        return "unknown program".to_owned();
    }
    let system = SYSTEMS.iter().find(|(mark, _)| agent.contains(mark));
    let browser = BROWSERS.iter().find_map(|(mark, name)| {
        let (_, rest) = agent.split_once(mark)?;
        let version: String = rest.chars().take_while(char::is_ascii_digit).collect();
        Some(format!("{name} {version}"))
    });
    match (browser, system) {
        (Some(browser), Some((_, system))) => format!("{browser} on {system}"),
        (Some(browser), None) => browser,
        (None, _) => agent.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn browsers_are_told_apart() {
        let chrome = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Safari/537.36";
        assert_eq!(in_words(chrome), "Chrome 141 on Linux");
        assert_eq!(
            in_words(&format!("{chrome} Edg/141.0.0.0")),
            "Edge 141 on Linux"
        );
        let safari = "Mozilla/5.0 (iPad; CPU OS 18_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.6 Mobile/15E148 Safari/604.1";
        assert_eq!(in_words(safari), "Safari 18 on iPad");
        let tablet = "Mozilla/5.0 (Android 15; Tablet; rv:142.0) Gecko/142.0 Firefox/142.0";
        assert_eq!(in_words(tablet), "Firefox 142 on Android");
    }

    #[test]
    fn what_is_not_known_is_left_as_it_is() {
        assert_eq!(in_words("curl/8.14"), "curl/8.14");
        assert_eq!(in_words(""), "unknown program");
    }
}
