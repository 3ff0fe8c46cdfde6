//! One style sheet out of `style/main.css`: each `@import "x.css" layer(x);` becomes `@layer x { ... }`.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, bail};

/// The text of `main` with its imports resolved.
pub fn bundle(main: &Path) -> Result<String> {
    let text = fs::read_to_string(main).with_context(|| format!("reading {}", main.display()))?;
    let folder = main.parent().context("a style sheet stands in a folder")?;
    let mut bundled = String::with_capacity(text.len());
    for (number, line) in text.lines().enumerate() {
        if !line.trim_start().starts_with("@import") {
            bundled.push_str(line);
            bundled.push('\n');
            continue;
        }
        let place = format!("{}:{}", main.display(), number + 1);
        let Some(import) = parse(line) else {
            bail!("{place}: expected @import \"file.css\" layer(name);")
        };
        let file = folder.join(import.file);
        let content = fs::read_to_string(&file)
            .with_context(|| format!("{place}: reading {}", file.display()))?;
        if content
            .lines()
            .any(|line| line.trim_start().starts_with("@import"))
        {
            bail!(
                "{}: only {} imports other files",
                file.display(),
                main.display()
            );
        }
        if let Some(layer) = import.layer {
            bundled.push_str(&format!("@layer {layer} {{\n{}\n}}\n", content.trim()));
        } else {
            bundled.push_str(&content);
        }
    }
    Ok(bundled)
}

struct Import<'a> {
    file: &'a str,
    layer: Option<&'a str>,
}

fn parse(line: &str) -> Option<Import<'_>> {
    let rest = line
        .trim()
        .strip_prefix("@import")?
        .trim_start()
        .strip_prefix('"')?;
    let (file, rest) = rest.split_once('"')?;
    let rest = rest
        .split_once("/*")
        .map_or(rest, |(before, _)| before)
        .trim();
    let rest = rest.strip_suffix(';')?.trim();
    let layer = match rest {
        "" => None,
        _ => Some(rest.strip_prefix("layer(")?.strip_suffix(')')?.trim()),
    };
    Some(Import { file, layer })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder(files: &[(&str, &str)]) -> tempfile::TempDir {
        let folder = tempfile::tempdir().expect("a temporary folder");
        for (name, content) in files {
            fs::write(folder.path().join(name), content).expect("a file");
        }
        folder
    }

    #[test]
    fn imports_become_layers_in_their_order() {
        let folder = folder(&[
            (
                "main.css",
                "@layer tokens, base;\n@import \"tokens.css\" layer(tokens);\n@import \"base.css\" layer(base);\n",
            ),
            ("tokens.css", ":root { --gap: 8px; }\n"),
            ("base.css", "body { margin: 0; }\n"),
        ]);
        let text = bundle(&folder.path().join("main.css")).expect("it bundles");
        assert_eq!(
            text,
            "@layer tokens, base;\n@layer tokens {\n:root { --gap: 8px; }\n}\n@layer base {\nbody { margin: 0; }\n}\n"
        );
    }

    #[test]
    fn a_wrong_import_is_named_by_its_line() {
        let folder = folder(&[("main.css", "a {}\n@import url(other.css);\n")]);
        let error = bundle(&folder.path().join("main.css")).expect_err("not understood");
        assert!(error.to_string().contains("main.css:2"), "{error}");
    }

    #[test]
    fn a_missing_file_is_named() {
        let folder = folder(&[("main.css", "@import \"gone.css\" layer(x);\n")]);
        let error = bundle(&folder.path().join("main.css")).expect_err("not there");
        assert!(format!("{error:#}").contains("gone.css"), "{error:#}");
    }
}
