//! A message to a person, whatever channel it goes over, and how it is cut to what a channel takes.

use serde::{Deserialize, Serialize};

/// The longest first line, in characters.
pub const LONGEST_TITLE: usize = 200;
/// The longest text, in characters.
pub const LONGEST_TEXT: usize = 10_000;
/// The longest link, in bytes; a longer one leads to the first page instead.
pub const LONGEST_LINK: usize = 1_000;

/// How much a message should disturb.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Urgency {
    /// When the device is awake anyway.
    Low,
    /// As messages do.
    #[default]
    Normal,
    /// At once.
    High,
}

impl Urgency {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Low, Self::Normal, Self::High];

    /// Its stored name, which is also the one of RFC 8030.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Low => "low",
            Self::Normal => "normal",
            Self::High => "high",
        }
    }

    /// The urgency of this name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|u| u.name() == name)
    }
}

/// What is to be told.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Message {
    /// The first line: what and where.
    pub title: String,
    /// The rest, in lines.
    pub text: String,
    /// The page that it leads to, a path of this site; empty: none. Whoever has it has not signed in by that.
    pub link: String,
    /// How much it should disturb.
    pub urgency: Urgency,
    /// The call that it is about.
    pub call: Option<i64>,
}

impl Message {
    /// The same with what can be sent and stored only: a title of one line, a text without control characters, neither longer
    /// than [`LONGEST_TITLE`] and [`LONGEST_TEXT`], and a link within this site.
    #[must_use]
    pub fn tidy(&self) -> Self {
        let title: String = self.title.chars().map(one_line).collect();
        let text = self.text.replace("\r\n", "\n");
        let text: String = text
            .chars()
            .filter(|c| !c.is_control() || matches!(c, '\n' | '\t'))
            .collect();
        let mut link: String = self
            .link
            .chars()
            .filter(|c| !c.is_control() && !c.is_whitespace())
            .collect();
        // What follows the site's address begins a path of it, and cannot go on with its host.
        if !link.is_empty() && !link.starts_with('/') {
            link.insert(0, '/');
        }
        if link.len() > LONGEST_LINK {
            link.truncate(1);
        }
        Self {
            title: clipped(title.trim(), LONGEST_TITLE),
            text: clipped(text.trim_end(), LONGEST_TEXT),
            link,
            ..self.clone()
        }
    }

    /// In one line of at most `longest` characters, for what is read on a small screen: the link stays whole.
    #[must_use]
    pub fn short(&self, link: Option<&str>, longest: usize) -> String {
        let text: String = self.text.chars().map(one_line).collect();
        let said = if text.trim().is_empty() {
            self.title.clone()
        } else {
            format!("{}: {}", self.title, text.trim())
        };
        match link {
            Some(link) => {
                let room = longest.saturating_sub(link.chars().count() + 1);
                format!("{} {link}", clipped(&said, room))
            }
            None => clipped(&said, longest),
        }
    }
}

fn one_line(c: char) -> char {
    if c.is_control() { ' ' } else { c }
}

/// At most so many characters; what was cut ends with `…`.
#[must_use]
pub fn clipped(text: &str, longest: usize) -> String {
    if text.chars().nth(longest).is_none() {
        return text.to_owned();
    }
    let kept: String = text.chars().take(longest.saturating_sub(1)).collect();
    if longest == 0 {
        return kept;
    }
    format!("{}…", kept.trim_end())
}

/// At most so many bytes of UTF-8; what was cut ends with `…`.
#[must_use]
pub fn clipped_bytes(text: &str, most: usize) -> String {
    if text.len() <= most {
        return text.to_owned();
    }
    let room = most.saturating_sub('…'.len_utf8());
    format!("{}…", &text[..text.floor_char_boundary(room)])
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_title_is_one_line_and_a_link_stays_on_this_site() {
        let message = Message {
            title: " Stop\r\nBcc: all@plant.example\0 ".to_owned(),
            text: "one\r\ntwo\u{7}\0\tthree\n".to_owned(),
            link: ".evil.example/\n".to_owned(),
            ..Message::default()
        };
        let tidy = message.tidy();
        assert_eq!(tidy.title, "Stop  Bcc: all@plant.example");
        assert_eq!(tidy.text, "one\ntwo\tthree");
        assert_eq!(tidy.link, "/.evil.example/");
        assert_eq!(Message::default().tidy().link, "");
    }

    #[test]
    fn what_is_read_on_a_small_screen_keeps_its_link() {
        let message = Message {
            title: "Line 1: stop".to_owned(),
            text: "Filler\n".to_owned() + &"ä".repeat(10_000),
            ..Message::default()
        };
        let short = message.short(Some("https://floor.example/andon/7"), 160);
        assert_eq!(short.chars().count(), 160, "{short}");
        assert!(short.starts_with("Line 1: stop: Filler ää"), "{short}");
        assert!(
            short.ends_with("ä… https://floor.example/andon/7"),
            "{short}"
        );
        let bare = Message {
            title: "Stop".to_owned(),
            ..Message::default()
        };
        assert_eq!(bare.short(None, 160), "Stop");
    }

    proptest! {
        #[test]
        fn whatever_is_typed_fits(title in any::<String>(), text in any::<String>(), link in any::<String>(), most in 0_usize..60) {
            let tidy = Message { title, text, link, ..Message::default() }.tidy();
            prop_assert!(!tidy.title.contains(char::is_control));
            prop_assert!(!tidy.text.contains('\0'));
            prop_assert!(tidy.link.is_empty() || tidy.link.starts_with('/'));
            prop_assert_eq!(tidy.tidy(), tidy.clone());
            prop_assert!(clipped(&tidy.text, most).chars().count() <= most);
            prop_assert!(clipped_bytes(&tidy.text, most).len() <= most.max('…'.len_utf8()));
        }
    }
}
