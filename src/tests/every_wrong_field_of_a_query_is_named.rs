//! Whoever asks with several wrong values is told all of them at once, also numbers, words and yes or no.

use crate::harness::{Hands, Place, Server, at};
use crate::small_plant::small_plant;

on_both! {
    every_wrong_value_of_a_query_is_named_at_once,
}

async fn every_wrong_value_of_a_query_is_named_at_once(place: &Place) {
    let clock = Hands::at(at("2026-07-06T10:00:00Z")).clock();
    let server = Server::with(place, clock, small_plant()).await;
    for (path, expected) in [
        (
            "oee/L1/history?from=0&to=0&offset=-1&limit=many",
            "offset limit",
        ),
        (
            "downtime?from=x&to=y&min_s=long&minor=1&confirmed=no&open=&limit=many",
            "from to min_s minor confirmed open limit",
        ),
        (
            "andon?kind=fire&priority=1&status=new&from=x&to=y&escalated=no&limit=9e9",
            "kind priority status from to escalated limit",
        ),
        ("andon/statistics?kind=fire&to=y", "kind to"),
        (
            "andon/escalation?at=noon&kind=fire",
            "line at kind priority",
        ),
        ("andon/roster/week?on=monday", "line on"),
        ("quarantine?before=x&limit=many", "before limit"),
        ("live?since=yesterday", "since"),
    ] {
        let answer = server.get(&format!("/api/v1/{path}"), None).await;
        let problem = answer.problem(422, "invalid");
        let fields = problem["fields"].as_array().expect("fields").iter();
        let named: Vec<&str> = fields
            .map(|f| f["field"].as_str().expect("a name"))
            .collect();
        assert_eq!(named.join(" "), expected, "{}: {problem}", place.engine);
    }
    // What is right is taken as before.
    for path in [
        "downtime?min_s=60&minor=false&confirmed=true&open=false&limit=5",
        "andon?kind=stop&priority=low&status=raised&escalated=true&limit=5",
        "andon/escalation?line=L1&kind=stop&priority=low",
        "quarantine?before=5&limit=5",
    ] {
        let answer = server.get(&format!("/api/v1/{path}"), None).await;
        assert_eq!(answer.status.as_u16(), 200, "{path}: {answer:?}");
    }
}
