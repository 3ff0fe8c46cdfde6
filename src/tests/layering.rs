//! What stands where. These rules are read from the sources, so that they hold by test and not by memory.

use std::fs;
use std::path::{Path, PathBuf};

/// A source file: its path from `src/`, and its text.
struct Source {
    path: String,
    text: String,
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src")
}

fn collect(folder: &Path, into: &mut Vec<PathBuf>) {
    let entries = fs::read_dir(folder).unwrap_or_else(|e| panic!("{}: {e}", folder.display()));
    for entry in entries {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            collect(&path, into);
        } else if path.extension().is_some_and(|e| e == "rs") {
            into.push(path);
        }
    }
}

/// The sources below these folders or files of `src/`, tests inside modules cut off, comments taken out.
fn sources(below: &[&str]) -> Vec<Source> {
    let mut paths = Vec::new();
    collect(&root(), &mut paths);
    paths.sort();
    let out: Vec<Source> = paths
        .into_iter()
        .map(|path| {
            let name = path
                .strip_prefix(root())
                .expect("below src")
                .to_string_lossy()
                .replace('\\', "/");
            let text = fs::read_to_string(&path).unwrap_or_else(|e| panic!("{name}: {e}"));
            Source {
                path: name,
                text: without_comments(product_code(&text)),
            }
        })
        .filter(|s| {
            below.iter().any(|b| s.path.starts_with(b))
                && !s.path.ends_with("/tests.rs")
                && !s.path.contains("/tests/")
        })
        .collect();
    assert!(
        !out.is_empty(),
        "{below:?} holds no source: this rule looks at the wrong place"
    );
    out
}

/// The part of a file before its tests.
fn product_code(text: &str) -> &str {
    text.find("#[cfg(test)]\nmod ")
        .map_or(text, |end| &text[..end])
}

/// Line by line, so that line numbers stay.
fn without_comments(text: &str) -> String {
    let line = |l: &str| {
        if l.trim_start().starts_with("//") {
            String::new()
        } else {
            l.to_owned()
        }
    };
    text.lines().map(line).collect::<Vec<_>>().join("\n")
}

/// Whether `text` holds `word` as a word of its own.
fn has_word(text: &str, word: &str) -> bool {
    let is_part = |c: Option<char>| c.is_some_and(|c| c.is_alphanumeric() || c == '_');
    text.match_indices(word).any(|(at, _)| {
        !is_part(text[..at].chars().next_back()) && !is_part(text[at + word.len()..].chars().next())
    })
}

/// Every line below `below`, except in `but`, for which `wrong` holds.
fn offences(below: &[&str], but: &[&str], wrong: impl Fn(&str) -> bool) -> Vec<String> {
    let mut out = Vec::new();
    for source in sources(below)
        .iter()
        .filter(|s| !but.contains(&s.path.as_str()))
    {
        for (number, line) in source
            .text
            .lines()
            .enumerate()
            .filter(|(_, line)| wrong(line))
        {
            out.push(format!(
                "src/{}:{}: {}",
                source.path,
                number + 1,
                line.trim()
            ));
        }
    }
    out
}

fn none(offences: &[String], rule: &str) {
    assert!(offences.is_empty(), "{rule}\n{}", offences.join("\n"));
}

#[test]
fn the_domain_is_pure() {
    let foreign = [
        "leptos",
        "sqlx",
        "axum",
        "tokio",
        "jiff",
        "rand",
        "SystemTime",
        "Instant",
        "std::fs",
        "std::net",
        "std::env",
        "println",
        "eprintln",
    ];
    let found = offences(&["domain/", "domain.rs"], &[], |line| {
        let ours_outside = line
            .match_indices("crate::")
            .any(|(at, _)| !line[at..].starts_with("crate::domain"));
        ours_outside || foreign.iter().any(|word| has_word(line, word))
    });
    none(
        &found,
        "src/domain imports nothing of ours outside domain and no clock, chance or I/O",
    );
}

/// Whether a line holds SQL in a string.
fn is_sql(line: &str) -> bool {
    const STARTS: [&str; 8] = [
        "SELECT ",
        "INSERT INTO ",
        "UPDATE ",
        "DELETE FROM ",
        "CREATE ",
        "ALTER ",
        "DROP ",
        "PRAGMA ",
    ];
    line.match_indices('"').any(|(at, _)| {
        STARTS
            .iter()
            .any(|s| line[at + 1..].trim_start().starts_with(s))
    })
}

#[test]
fn sql_stands_only_in_the_database_module() {
    let found: Vec<String> = offences(
        &[
            "app.rs", "api", "domain", "ui", "main.rs", "lib.rs", "server",
        ],
        &[],
        is_sql,
    )
    .into_iter()
    .filter(|o| !o.starts_with("src/server/db/") && !o.starts_with("src/server/db.rs"))
    .collect();
    none(&found, "SQL stands only in src/server/db");
    assert!(
        !offences(&["server/db"], &[], is_sql).is_empty(),
        "the rule sees SQL where it is"
    );
}

#[test]
fn status_codes_stand_only_at_the_boundary() {
    // The replay is a client: it reads the codes that servers answer with.
    let but = ["server/replay/sender.rs"];
    let wrong = |line: &str| has_word(line, "StatusCode") || line.contains(".status_code(");
    let found: Vec<String> = offences(
        &[
            "app.rs", "api", "domain", "ui", "main.rs", "lib.rs", "server",
        ],
        &but,
        wrong,
    )
    .into_iter()
    .filter(|o| {
        !["src/server/http/", "src/server/http.rs", "src/api/"]
            .iter()
            .any(|b| o.starts_with(b))
    })
    .collect();
    none(
        &found,
        "HTTP status codes stand only in src/server/http and src/api",
    );
    for exception in but {
        assert!(
            !offences(&[exception], &[], wrong).is_empty(),
            "{exception} is no exception any more: take it off the list"
        );
    }
}

/// The lines of the bodies of server functions, by number.
fn inside_server_functions(text: &str) -> Vec<bool> {
    let (mut inside, mut announced, mut depth) = (false, false, 0_i64);
    let mut out = Vec::new();
    for line in text.lines() {
        announced |= line.trim_start().starts_with("#[server");
        let opens = line.matches('{').count() as i64 - line.matches('}').count() as i64;
        if announced && line.contains(" fn ") || inside {
            announced = false;
            depth += opens;
            // A signature over several lines opens its body later.
            inside = depth > 0 || !(line.contains('{') || line.contains('}'));
        }
        out.push(inside || line.trim() == "}" && depth == 0 && opens < 0);
    }
    out
}

#[test]
fn pages_reach_the_server_only_through_server_functions() {
    let mut found = Vec::new();
    for source in sources(&["api", "ui", "app.rs"]) {
        let inside = inside_server_functions(&source.text);
        for ((number, line), inside) in source.text.lines().enumerate().zip(inside) {
            let allowed = inside && source.path.starts_with("api");
            if line.contains("crate::server") && !allowed {
                found.push(format!(
                    "src/{}:{}: {}",
                    source.path,
                    number + 1,
                    line.trim()
                ));
            }
        }
    }
    none(
        &found,
        "src/api names crate::server only inside server functions, src/ui and src/app.rs never",
    );
}

#[test]
fn only_the_guard_makes_a_leave() {
    // The boundary, before each request; commands, for whoever typed them.
    let but = ["src/server/http/identity.rs", "src/server/command/"];
    let found = offences(&["server"], &["server/auth/guard.rs"], |line| {
        has_word(line, "of_the_program") || line.contains("admit(")
    });
    let (known, found): (Vec<_>, Vec<_>) = found
        .into_iter()
        .partition(|o| but.iter().any(|b| o.starts_with(b)));
    none(&found, "only the boundary and commands have leave given");
    assert!(
        known.len() >= but.len(),
        "the rule sees where leave is given: {known:?}"
    );
    let made = offences(&["server"], &["server/command.rs"], |line| {
        line.contains("TypedHere(") || line.contains("TypedHere {")
    });
    none(&made, "only commands show that somebody typed them");
    let fields = &sources(&["server/auth/guard.rs"])[0].text;
    let (_, ctx) = fields.split_once("pub struct Ctx {").expect("the leave");
    let (ctx, _) = ctx.split_once('}').expect("its end");
    assert!(
        !ctx.contains("pub"),
        "nobody else can put one together: {ctx}"
    );
}

/// A function as it stands in the text: whether others outside of its file call it, its name, its signature, its body.
struct Function<'t> {
    is_public: bool,
    name: &'t str,
    signature: &'t str,
    body: &'t str,
}

/// The functions of a file that stand in no other block.
fn functions(text: &str) -> Vec<Function<'_>> {
    let mut out = Vec::new();
    for (at, _) in text.match_indices("fn ") {
        let line = text[..at].rfind('\n').map_or(0, |end| end + 1);
        let before = &text[line..at];
        if before.starts_with(' ') || !["", "async ", "const "].iter().any(|e| before.ends_with(e))
        {
            continue;
        }
        let rest = &text[at + 3..];
        let (Some(opens), Some(ends)) = (rest.find("{\n"), rest.find("\n}")) else {
            continue;
        };
        let name = rest.split(['(', '<']).next().unwrap_or_default();
        out.push(Function {
            is_public: before.starts_with("pub ") || before.starts_with("pub(crate)"),
            name,
            signature: &rest[..opens],
            body: &rest[opens..ends],
        });
    }
    out
}

#[test]
fn whatever_changes_something_takes_a_leave() {
    // What asks for less says why here.
    let but = [
        // The parts that services are made of, inside the services.
        "sign_in.rs count_try",
        "sign_in.rs kept_out",
        "sign_in.rs on_record",
        "sign_in.rs let_in",
        // Machines call by rule: there is nobody who could have a leave.
        "raise.rs raise",
        // Commands and the first start, before there is anybody.
        "keys.rs create",
        "plant.rs set_up_by_the_program",
        "set_up.rs new_set_up_link",
    ];
    let begins = ["begin()", "begin_append()", "::begin(", "on_record("];
    let (mut found, mut seen) = (Vec::new(), 0);
    for source in sources(&["server/services/"]) {
        let functions = functions(&source.text);
        let mut changing: Vec<&str> = Vec::new();
        loop {
            let calls = |body: &str, name: &str| {
                let call = format!("{name}(");
                body.match_indices(&call).any(|(at, _)| {
                    let before = body[..at].chars().next_back();
                    before.is_none_or(|c| !c.is_alphanumeric() && !"_.:".contains(c))
                })
            };
            let more: Vec<&str> = functions
                .iter()
                .filter(|f| !changing.contains(&f.name))
                .filter(|f| {
                    begins.iter().any(|b| f.body.contains(b))
                        || changing.iter().any(|name| calls(f.body, name))
                })
                .map(|f| f.name)
                .collect();
            if more.is_empty() {
                break;
            }
            changing.extend(more);
        }
        let file = source.path.rsplit('/').next().unwrap_or_default();
        for f in functions {
            if !f.is_public || !changing.contains(&f.name) {
                continue;
            }
            seen += 1;
            let called = format!("{file} {}", f.name);
            if !f.signature.contains("ctx: &Ctx") && !but.contains(&&*called) {
                found.push(format!("src/{}: {}{}", source.path, f.name, f.signature));
            }
        }
    }
    none(
        &found,
        "a service that changes something takes a leave, `ctx: &Ctx`",
    );
    assert!(
        seen > 30,
        "the rule sees services that change something: {seen}"
    );
}

#[test]
fn views_are_safe_to_show_anywhere() {
    let found = offences(&["app.rs", "ui"], &[], |line| {
        let style = line.contains(" style=") || line.trim_start().starts_with("style=");
        style || line.contains("<textarea") && !line.contains("/>")
    });
    none(
        &found,
        "no inline style (the page's policy forbids it), no <textarea> with children (it is not escaped alike)",
    );
}

#[test]
fn files_for_spreadsheets_hold_no_formulas() {
    let found: Vec<String> = sources(&["server/", "api/", "ui/"])
        .iter()
        .filter(|s| s.text.contains("csv::Writer") || s.text.contains("text/csv"))
        .filter(|s| !s.text.contains("use crate::domain::csv::cell;"))
        .map(|s| s.path.clone())
        .collect();
    none(
        &found,
        "whoever writes a CSV file takes every cell through domain::csv::cell",
    );
}

#[test]
fn files_are_named_after_what_they_hold() {
    let mut paths = Vec::new();
    collect(&root(), &mut paths);
    let vague = [
        "util", "utils", "helper", "helpers", "common", "manager", "managers", "misc",
    ];
    let found: Vec<String> = paths
        .iter()
        .filter(|p| {
            let parts = p
                .strip_prefix(root())
                .expect("below src")
                .with_extension("");
            parts
                .components()
                .any(|c| vague.contains(&&*c.as_os_str().to_string_lossy()))
        })
        .map(|p| p.display().to_string())
        .collect();
    none(&found, "no file named utils, helpers, common, manager");
}

#[test]
fn tests_wait_for_conditions_and_never_for_time() {
    let folder = root().join("tests");
    let mut paths = Vec::new();
    collect(&folder, &mut paths);
    // Written apart, so that this rule does not see itself.
    let word = concat!("sle", "ep(");
    let mut found = Vec::new();
    for path in paths {
        let text = fs::read_to_string(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
        for (number, line) in text.lines().enumerate().filter(|(_, l)| l.contains(word)) {
            found.push(format!(
                "{}:{}: {}",
                path.display(),
                number + 1,
                line.trim()
            ));
        }
    }
    assert_eq!(
        found.len(),
        1,
        "only the polling function of the harness pauses:\n{}",
        found.join("\n")
    );
    assert!(found[0].contains("harness/time.rs"), "{}", found[0]);
}

#[test]
fn the_rules_see_what_they_forbid() {
    assert!(is_sql("let x = \"SELECT a FROM t\";") && is_sql("concat(\"  DELETE FROM t\")"));
    assert!(!is_sql("// SELECT"), "no string");
    assert!(!is_sql("\"Select a line\""), "a word for people");
    assert!(has_word("use rand::Rng;", "rand") && !has_word("let operand = 1;", "rand"));
    let api = "#[server]\npub async fn a(\n    b: i64,\n) -> R {\n    crate::server::x();\n}\nuse crate::server::y;\n";
    assert_eq!(inside_server_functions(api)[4..], [true, true, false]);
}
