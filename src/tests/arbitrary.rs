//! What nobody would send: texts, numbers and bytes as an attacker or a broken gateway makes them. The seed is fixed, and
//! so is the number of tries; what fails is made as small as it goes and told.

use crate::harness::Answer;
use axum::http::header;
use proptest::prelude::*;
use proptest::sample::select;
use proptest::test_runner::{Config, RngAlgorithm, TestCaseError, TestRng, TestRunner};
use serde_json::Value;

/// Looks at so many values of a strategy; another `seed` gives others.
pub fn each<S: Strategy>(
    (seed, cases): (u8, u32),
    strategy: S,
    look: impl AsyncFn(S::Value) -> Result<(), TestCaseError>,
) {
    let config = Config {
        cases,
        failure_persistence: None,
        max_shrink_iters: 300,
        ..Config::default()
    };
    let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &[seed; 32]);
    let mut runner = TestRunner::new_with_rng(config, rng);
    let here = tokio::runtime::Handle::current();
    let looked =
        tokio::task::block_in_place(|| runner.run(&strategy, |value| here.block_on(look(value))));
    if let Err(failure) = looked {
        panic!("{failure}");
    }
}

/// Text: what has a meaning somewhere, what has broken programs before, and anything.
pub fn text() -> BoxedStrategy<String> {
    let known = select(vec![
        "L1",
        "M1",
        "P1",
        "F44",
        "hour",
        "shift",
        "day",
        "month",
        "crew",
        "machine",
        "assets",
        "losses",
        "stops",
        "now",
        "running",
        "stopped",
        "count",
        "state",
        "good",
        "true",
        "false",
        "site",
        "line:1",
        "area:1",
        "tablet",
        "wall",
        "1783332000000",
        "1783339200000",
        "2026-07-06T08:00:00Z",
        "2026-07-06T10:00:00+02:00",
        "2026-07-06",
        "06:00",
        "/",
        "/lines/L1",
        "line:read oee:read",
    ]);
    let numbers = select(vec![
        "0",
        "-1",
        "1",
        "-0",
        "00",
        "1e3",
        "1e308",
        "1e999",
        "0.1",
        "9223372036854775807",
        "-9223372036854775808",
        "9223372036854775808",
        "9223372036854720000",
        "-9223372036854720000",
        "340282366920938463463374607431768211456",
        "253402300799999",
        "-377705116800000",
        "NaN",
        "inf",
        "-Infinity",
        "0x10",
        "1_000",
        "\u{661}\u{662}",
    ]);
    let times = select(vec![
        "9999-12-31T23:59:59Z",
        "-009999-01-02T01:59:59Z",
        "+010000-01-01T00:00:00Z",
        "2026-02-30T00:00:00Z",
        "2026-07-06T24:00:00Z",
        "2026-07-06T08:00:60Z",
        "0000-01-01",
        "9999-12-31",
        "2026-03-29T02:30",
        "24:00",
        "-1:00",
    ]);
    let odd = select(vec![
        "",
        " ",
        "\t",
        "\r\n",
        "\0",
        "a\0b",
        "\u{202e}",
        "\u{feff}",
        "\u{10ffff}",
        "e\u{301}",
        "null",
        "undefined",
        "[]",
        "{}",
        "../../etc/passwd",
        "//evil.example",
        "/\\evil.example",
        "javascript:alert(1)",
        "<script>alert(1)</script>",
        "'; DROP TABLE fact; --",
        "' OR '1'='1",
        "%",
        "%zz",
        "%00",
        "%c3%28",
        "${7*7}",
        "=1+1",
        "@SUM(A1)",
        "a=b&c=d",
    ]);
    prop_oneof![
        4 => known.prop_map(str::to_owned),
        3 => numbers.prop_map(str::to_owned),
        2 => times.prop_map(str::to_owned),
        3 => odd.prop_map(str::to_owned),
        2 => any::<i64>().prop_map(|n| n.to_string()),
        3 => any::<String>(),
        1 => "[a-z]{1,3}".prop_map(|t| t.repeat(1_000)),
    ]
    .boxed()
}

/// JSON as it is written: whole values, some as deep or as large as no reader should follow, some that are none.
pub fn written() -> BoxedStrategy<String> {
    let tokens = select(vec![
        "NaN",
        "Infinity",
        "-Infinity",
        "1e999",
        "-1e999",
        "1e-999",
        "-0",
        "-0.0",
        "01",
        "+1",
        "1.",
        ".5",
        "0x1F",
        "1e308",
        "123456789012345678901234567890",
        "9223372036854775807",
        "9223372036854775808",
        "1000000000001",
        "0.5",
        "\"\\u0000\"",
        "\"\\ud800\"",
        "\"\\x\"",
        "\"NaN\"",
        "'a'",
        "",
        "tru",
        "[1,]",
        "{\"a\":1,}",
        "{\"a\"}",
        "// no",
    ]);
    let nested = (1_usize..2_000, any::<bool>()).prop_map(|(depth, list)| {
        let (open, close) = if list { ("[", "]") } else { ("{\"a\":", "}") };
        let inside = if list { "" } else { "1" };
        open.repeat(depth) + inside + &close.repeat(depth)
    });
    prop_oneof![
        6 => json().prop_map(|value| value.to_string()),
        4 => tokens.prop_map(str::to_owned),
        1 => nested,
    ]
    .boxed()
}

/// JSON that every reader takes.
pub fn json() -> BoxedStrategy<Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        (-3_i64..100_000).prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        text().prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 16, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::hash_map(text(), inner, 0..4)
                .prop_map(|fields| Value::Object(fields.into_iter().collect())),
        ]
    })
    .boxed()
}

/// It is an answer, and no fault of the server.
pub fn answered(answer: &Answer) -> Result<(), TestCaseError> {
    let text = String::from_utf8_lossy(&answer.body);
    let text: String = text.chars().take(300).collect();
    prop_assert!(
        !answer.status.is_server_error(),
        "{}: {text}",
        answer.status
    );
    Ok(())
}

/// The same, and a refusal is a problem document that says its status and its code.
pub fn answered_by_the_api(answer: &Answer) -> Result<(), TestCaseError> {
    answered(answer)?;
    if answer.status.is_client_error() {
        let kind = answer.headers.get(header::CONTENT_TYPE);
        prop_assert_eq!(
            kind.and_then(|k| k.to_str().ok()),
            Some("application/problem+json")
        );
        let problem: Value =
            serde_json::from_slice(&answer.body).map_err(|e| TestCaseError::fail(e.to_string()))?;
        prop_assert_eq!(&problem["status"], answer.status.as_u16());
        prop_assert!(
            problem["code"]
                .as_str()
                .is_some_and(|code| !code.is_empty())
        );
    }
    Ok(())
}
