//! The name of a statement: what it does to which tables. Values never stand in a statement's text here, so neither in
//! its name; and as texts are static, there are only so many names.

/// The most tables that a name tells.
const MAX_TABLES: usize = 4;

/// Such as `select fact`, `insert minute_count`, `select classification+given`.
#[must_use]
pub fn name(sql: &str) -> String {
    let mut words = sql.split_whitespace();
    let verb = words.next().unwrap_or("nothing").to_ascii_lowercase();
    let reads_tables = ["select", "insert", "update", "delete", "with", "replace"];
    if !reads_tables.contains(&verb.as_str()) {
        let what = words.next().and_then(identifier);
        return joined(&verb, &what.into_iter().collect::<Vec<_>>());
    }
    if verb == "insert" || verb == "replace" {
        // The rows that follow may be many.
        let into = words.nth(1).and_then(identifier);
        return joined(&verb, &into.into_iter().collect::<Vec<_>>());
    }
    let tables = tables(sql);
    if tables.is_empty() {
        let called = sql.split_whitespace().nth(1).unwrap_or_default();
        let called = called.split('(').next().and_then(identifier);
        return joined(&verb, &called.into_iter().collect::<Vec<_>>());
    }
    joined(&verb, &tables)
}

fn joined(verb: &str, what: &[&str]) -> String {
    if what.is_empty() {
        verb.to_owned()
    } else {
        format!("{verb} {}", what.join("+"))
    }
}

/// The tables after FROM, JOIN and UPDATE, each once, without those that the statement itself names with WITH.
fn tables(sql: &str) -> Vec<&str> {
    let words: Vec<&str> = sql.split_whitespace().collect();
    let own: Vec<&str> = words
        .windows(3)
        .filter(|w| w[1].eq_ignore_ascii_case("as") && w[2].starts_with('('))
        .map(|w| w[0])
        .collect();
    let mut out: Vec<&str> = Vec::new();
    for pair in words.windows(2) {
        let leads = ["from", "join", "update"];
        let lead = pair[0].trim_start_matches('(');
        if !leads.iter().any(|l| lead.eq_ignore_ascii_case(l)) {
            continue;
        }
        let table = identifier(pair[1])
            .filter(|t| !t.eq_ignore_ascii_case("set") && !own.contains(t) && !out.contains(t));
        out.extend(table);
    }
    out.truncate(MAX_TABLES);
    out
}

/// The word, if it is nothing but a name.
fn identifier(word: &str) -> Option<&str> {
    let word = word.trim_end_matches([',', ';', ')']);
    let is_name = !word.is_empty() && word.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    is_name.then_some(word)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_statement_is_named_after_what_it_does_to_which_tables() {
        for (sql, expected) in [
            ("SELECT seq FROM fact WHERE a = $1", "select fact"),
            (
                "SELECT a FROM t JOIN u ON t.a = u.a, (SELECT b FROM v)",
                "select t+u+v",
            ),
            (
                "SELECT a FROM t WHERE b IN (SELECT value FROM json_each($2))",
                "select t",
            ),
            (
                "INSERT INTO setting (k) VALUES ($1) ON CONFLICT (k) DO UPDATE SET a = 1",
                "insert setting",
            ),
            ("UPDATE machine SET a = $1", "update machine"),
            ("DELETE FROM quarantine WHERE id = $1", "delete quarantine"),
            ("WITH own AS (SELECT a FROM t) SELECT a FROM own", "with t"),
            ("SELECT 1", "select 1"),
            ("SELECT pg_notify($1, $2)", "select pg_notify"),
            ("PRAGMA optimize", "pragma optimize"),
            ("", "nothing"),
        ] {
            assert_eq!(name(sql), expected, "{sql}");
        }
    }
}
