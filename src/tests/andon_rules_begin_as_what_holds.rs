//! A rule that is made of what holds without it begins as that: it calls whom it calls, of the kind of call that it is made for.

use crate::browser::{Browser, text};
use crate::harness::{Hands, Place, Server, at};
use crate::small_plant::two_lines;

on_both! { a_rule_made_of_a_default_calls_whom_the_default_calls }

/// The roles that the first step of the form on a page calls.
fn first_called(page: &str) -> Vec<String> {
    let step = page.split("<fieldset class=\"step\">").nth(1);
    let options = step.expect("a step").split("<option value=\"").skip(1);
    let chosen = options.filter_map(|option| {
        let (value, rest) = option.split_once('"')?;
        let role = value.strip_prefix("role:")?;
        rest.starts_with(" selected").then(|| role.to_owned())
    });
    chosen.collect()
}

async fn a_rule_made_of_a_default_calls_whom_the_default_calls(place: &Place) {
    let hands = Hands::at(at("2026-07-06T08:00:00Z"));
    let server = Server::with(place, hands.clock(), two_lines()).await;
    let mut mona = Browser::of(&server, "mona", "shift_manager").await;
    let list = text(&mona.get("/admin/andon").await);
    let managers = ["shift_manager", "engineer", "production_manager", "admin"];
    for (kind, trades) in [
        ("quality", &["quality"][..]),
        ("maintenance", &["maintenance"][..]),
        ("material", &[][..]),
        ("", &[][..]),
    ] {
        let query = format!("kind={kind}&priority=high");
        let page = text(&mona.get(&format!("/admin/andon/rules/new?{query}")).await);
        let called = first_called(&page);
        let expected = [trades, &managers[..]].concat();
        assert_eq!(called, expected, "{}: {kind}: {page}", place.engine);
        assert!(page.contains("value=\"high\" selected"), "{page}");
        if !kind.is_empty() {
            assert!(
                page.contains(&format!("value=\"{kind}\" selected")),
                "{page}"
            );
            let way = format!("/admin/andon/rules/new?kind={kind}&amp;priority=high");
            assert!(list.contains(&way), "{way}: {list}");
        }
    }
}
