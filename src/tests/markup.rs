//! Pages as a browser reads them: tags with their attributes. What people typed must never become one.

/// A tag that begins something.
#[derive(Debug)]
pub struct Tag {
    pub name: String,
    pub attributes: Vec<(String, String)>,
}

impl Tag {
    /// An attribute's value.
    pub fn get(&self, name: &str) -> Option<&str> {
        let found = self.attributes.iter().find(|(n, _)| n == name);
        found.map(|(_, value)| value.as_str())
    }
}

/// Every tag of a page. What stands between `<script>` and `</script>` holds none, nor do comments.
pub fn tags(html: &str) -> Vec<Tag> {
    let mut out = Vec::new();
    let mut rest = html;
    while let Some(at) = rest.find('<') {
        rest = &rest[at + 1..];
        if let Some(comment) = rest.strip_prefix("!--") {
            rest = comment.split_once("-->").map_or("", |(_, after)| after);
        } else if rest.starts_with(|c: char| c.is_ascii_alphabetic()) {
            let tag;
            (tag, rest) = read(rest);
            if ["script", "style", "title", "textarea"].contains(&tag.name.as_str()) {
                let end = rest.find(&format!("</{}", tag.name));
                rest = &rest[end.unwrap_or(rest.len())..];
            }
            out.push(tag);
        }
    }
    out
}

fn read(text: &str) -> (Tag, &str) {
    let end = |c: char| c.is_whitespace() || c == '>' || c == '/';
    let (name, mut rest) = text.split_at(text.find(end).unwrap_or(text.len()));
    let mut attributes = Vec::new();
    loop {
        rest = rest.trim_start_matches(|c: char| c.is_whitespace() || c == '/');
        if rest.is_empty() {
            break;
        }
        if let Some(after) = rest.strip_prefix('>') {
            rest = after;
            break;
        }
        let end = |c: char| end(c) || c == '=';
        let (name, after) = rest.split_at(rest[1..].find(end).map_or(rest.len(), |n| n + 1));
        let (value, after) = match after.strip_prefix('=') {
            Some(value) => quoted(value),
            None => ("", after),
        };
        attributes.push((name.to_ascii_lowercase(), value.to_owned()));
        rest = after;
    }
    let name = name.to_ascii_lowercase();
    (Tag { name, attributes }, rest)
}

fn quoted(text: &str) -> (&str, &str) {
    for quote in ['"', '\''] {
        if let Some(inside) = text.strip_prefix(quote) {
            return inside.split_once(quote).unwrap_or((inside, ""));
        }
    }
    text.split_at(text.find([' ', '>']).unwrap_or(text.len()))
}

#[test]
fn what_breaks_out_is_seen() {
    let seen = |html: &str| -> Vec<String> {
        let names = |t: &Tag| format!("{} {:?}", t.name, t.attributes);
        tags(html).iter().map(names).collect()
    };
    assert_eq!(
        seen("<!DOCTYPE html><p class=\"a > b\" hidden>&lt;img&gt; 1 < 2</p><!-- <b> -->"),
        ["p [(\"class\", \"a > b\"), (\"hidden\", \"\")]"]
    );
    assert_eq!(
        seen("<input value=\"x\" onfocus=a() \">"),
        ["input [(\"value\", \"x\"), (\"onfocus\", \"a()\"), (\"\\\"\", \"\")]"]
    );
    assert_eq!(
        seen("<script>'</script><img src=x>'</script>"),
        ["script []", "img [(\"src\", \"x\")]"]
    );
}
