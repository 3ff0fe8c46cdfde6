//! A stream tells what was committed: first who speaks, then whatever the screen has missed, then every change as it
//! comes, from whichever node; a screen that cannot follow is told to start over, and a server that stops ends them all.

use crate::harness::{Hands, Place, Server, at, until};
use crate::program::Program;
use crate::small_plant::{state, two_lines};
use crate::stream::{SOON, Stream, follow, publish};
use axum::http::Method;
use ms5_floor::api::ingest::ItemStatus;
use ms5_floor::domain::ids::Seq;
use ms5_floor::domain::machine_state::MachineState::{Running, Stopped};
use ms5_floor::domain::time::TsMs;
use ms5_floor::server::clock::Clock;
use ms5_floor::server::db::facts;
use ms5_floor::server::live::hub::Event as HubEvent;
use serde_json::{Value, json};
use std::io::{BufRead, BufReader, Read, Write};
use std::time::{Duration, Instant};

on_both! {
    hello_comes_first_and_then_what_the_screen_has_missed,
    a_commit_is_on_the_screen_within_a_second,
    a_page_of_a_line_goes_to_those_who_look_at_it,
    what_another_node_commits_is_told_here_too,
    a_screen_that_cannot_follow_starts_over,
    a_changed_plant_makes_every_screen_start_over,
    open_streams_do_not_keep_the_program,
}

const NOW: &str = "2026-07-06T10:00:00Z";

async fn commit(server: &Server, key: &str, item: Value) -> Seq {
    let answer = server.ingest(key, &[item]).await;
    assert_eq!(answer.results[0].status, ItemStatus::Accepted, "{answer:?}");
    facts::last_seq(&server.app.db)
        .await
        .expect("the last number")
}

async fn hello_comes_first_and_then_what_the_screen_has_missed(place: &Place) {
    let server = Server::with(place, Hands::at(at(NOW)).clock(), two_lines()).await;
    let (_, key) = server.key("gateway", false, false).await;
    let seq = commit(&server, &key, state("a", "M1", at(NOW), Running)).await;
    // Nobody publishes in this test: all that comes is what the stream itself brings.
    for (query, header, missed) in [
        (String::new(), None, true),
        ("?since=0".to_owned(), None, true),
        (format!("?since={}", seq.0), None, false),
        (format!("?since={}", seq.0), Some(0), true),
        ("?since=0".to_owned(), Some(seq.0), false),
    ] {
        let what = format!("{}: {query:?}, header {header:?}", place.engine);
        let mut stream = Stream::open(&server, &query, header).await;
        let hello = stream.next().await.expect("an event");
        assert_eq!(hello.name, "hello", "{what}");
        assert_eq!(
            hello.data,
            json!({"build": "test-build", "now": at(NOW).0, "seq": seq.0}),
            "{what}"
        );
        if missed {
            for line in ["L1", "L2"] {
                let tile = stream.next().await.expect("an event");
                assert_eq!(
                    (tile.name.as_str(), &tile.data["code"]),
                    ("tile", &json!(line)),
                    "{what}"
                );
                assert_eq!(
                    (tile.id, &tile.data["seq"]),
                    (Some(seq.0), &json!(seq.0)),
                    "{what}"
                );
            }
        }
        let calls = stream.next().await.expect("an event");
        assert_eq!(
            (calls.name.as_str(), calls.id, &calls.data),
            ("calls", None, &json!([])),
            "{what}"
        );
        let ping = stream.next().await.expect("an event");
        assert_eq!(ping.name, "ping", "{what}");
        assert_eq!(ping.data, json!({"now": at(NOW).0}), "{what}");
    }
}

async fn a_commit_is_on_the_screen_within_a_second(place: &Place) {
    let server = Server::with(place, Clock::system(), two_lines()).await;
    let (_, key) = server.key("gateway", false, false).await;
    publish(&server);
    let now = || server.app.clock.now();
    let seq = commit(
        &server,
        &key,
        state("a", "M1", TsMs(now().0 - 60_000), Running),
    )
    .await;
    let mut stream = Stream::open(&server, "", None).await;
    stream.tile("L1", seq).await;
    for n in 0..6 {
        let (word, state_now) = if n % 2 == 0 {
            ("stopped", Stopped)
        } else {
            ("running", Running)
        };
        let begun = Instant::now();
        let seq = commit(
            &server,
            &key,
            state(&format!("b{n}"), "M1", now(), state_now),
        )
        .await;
        let tile = stream.tile("L1", seq).await;
        assert!(
            begun.elapsed() < Duration::from_secs(1),
            "{}: {:?}",
            place.engine,
            begun.elapsed()
        );
        assert_eq!(
            tile.data["condition"], word,
            "{}: {}",
            place.engine, tile.data
        );
    }
    server.stop.cancel();
    until("the end of the stream", SOON, async || {
        stream.next().await.is_none().then_some(())
    })
    .await;
}

async fn a_page_of_a_line_goes_to_those_who_look_at_it(place: &Place) {
    let server = Server::with(place, Clock::system(), two_lines()).await;
    let (_, key) = server.key("gateway", false, false).await;
    publish(&server);
    let mut page = Stream::open(&server, "?line=L1&since=0", None).await;
    let mut board = Stream::open(&server, "?since=0", None).await;
    let seq = commit(
        &server,
        &key,
        state("a", "M1", server.app.clock.now(), Stopped),
    )
    .await;
    let line = loop {
        let line = page.next_named("line").await;
        if line.id.is_some_and(|id| id >= seq.0) {
            break line;
        }
    };
    assert_eq!(line.data["tile"]["code"], "L1", "{}", place.engine);
    assert_eq!(
        line.data["machines"][0]["state"], "stopped",
        "{}",
        place.engine
    );
    // On the board's stream nothing but tiles and signs of life comes until the same fact is told.
    loop {
        let event = board.next().await.expect("an event");
        assert_ne!(event.name, "line", "{}", place.engine);
        if event.name == "tile"
            && event.data["code"] == "L1"
            && event.id.is_some_and(|id| id >= seq.0)
        {
            break;
        }
    }
    drop(page);
    until("nobody looks", SOON, async || {
        server.app.hub.looked_at().is_empty().then_some(())
    })
    .await;
}

async fn what_another_node_commits_is_told_here_too(place: &Place) {
    let one = Server::with(place, Clock::system(), two_lines()).await;
    let (_, key) = one.key("gateway", false, false).await;
    // A second program on the same database: also SQLite knows that, when history is filled in.
    let two = Server::start(place, Clock::system()).await;
    publish(&one);
    let mut stream = Stream::open(&one, "?since=0", None).await;
    stream.next_named("ping").await;
    // The first tiles of both lines go out by themselves.
    stream.tile("L1", Seq(0)).await;
    stream.tile("L2", Seq(0)).await;

    // The other node's fact is followed by one of our own before we looked: its line must not be forgotten.
    let now = one.app.clock.now();
    let theirs = commit(&two, &key, state("theirs", "M1", now, Stopped)).await;
    let begun = Instant::now();
    let ours = commit(&one, &key, state("ours", "M3", now, Stopped)).await;
    assert!(ours > theirs);
    let tile = stream.tile("L1", theirs).await;
    assert_eq!(tile.data["condition"], "stopped", "{}", place.engine);
    assert!(
        begun.elapsed() < Duration::from_secs(2),
        "{}: {:?}",
        place.engine,
        begun.elapsed()
    );
    stream.tile("L2", ours).await;

    // With nothing of our own, following the other nodes is enough.
    follow(&one);
    let begun = Instant::now();
    let theirs = commit(
        &two,
        &key,
        state("more", "M1", one.app.clock.now(), Running),
    )
    .await;
    let tile = stream.tile("L1", theirs).await;
    assert_eq!(tile.data["condition"], "running", "{}", place.engine);
    assert!(
        begun.elapsed() < Duration::from_secs(3),
        "{}: {:?}",
        place.engine,
        begun.elapsed()
    );
    one.stop.cancel();
}

async fn a_screen_that_cannot_follow_starts_over(place: &Place) {
    let server = Server::with(place, Hands::at(at(NOW)).clock(), two_lines()).await;
    let mut stream = Stream::open(&server, "?since=0", None).await;
    stream.next_named("hello").await;
    stream.next_named("ping").await;
    for n in 0..5_000 {
        let data = format!("{{\"n\":{n}}}").into();
        server.app.hub.publish(HubEvent {
            name: "tile",
            seq: Some(Seq(n)),
            about: None,
            page: false,
            needs: None,
            data,
            plain: None,
        });
    }
    let mut before = 0;
    let reset = loop {
        let event = stream.next().await.expect("an event");
        match event.name.as_str() {
            "tile" => before += 1,
            "reset" => break event,
            other => assert_eq!(other, "ping"),
        }
    };
    assert!(
        before < 2_000,
        "{}: what it cannot have is not sent: {before}",
        place.engine
    );
    assert!(reset.id.is_none(), "a reset holds no fact: {reset:?}");
    // Then it goes on with the newest.
    loop {
        let tile = stream.next_named("tile").await;
        if tile.id == Some(4_999) {
            break;
        }
    }
}

async fn a_changed_plant_makes_every_screen_start_over(place: &Place) {
    let server = Server::with(place, Clock::system(), two_lines()).await;
    let (_, key) = server.key("engineer", false, true).await;
    publish(&server);
    let mut stream = Stream::open(&server, "?since=0", None).await;
    stream.next_named("hello").await;
    let mut plant = two_lines();
    plant["line"][0]["name"] = json!("Bottling");
    let put = server
        .send(Method::PUT, "/api/v1/plant", Some(&key), &plant)
        .await;
    assert_eq!(put.status.as_u16(), 200, "{put:?}");
    stream.next_named("reset").await;
    let mut fresh = Stream::open(&server, "", None).await;
    let tile = fresh.tile("L1", Seq(0)).await;
    assert_eq!(
        tile.data["name"], "Bottling",
        "{}: the new board, not the one of a moment ago",
        place.engine
    );
    server.stop.cancel();
}

async fn open_streams_do_not_keep_the_program(place: &Place) {
    let server = Server::with(place, Clock::system(), two_lines()).await;
    server.app.db.close().await;
    let key = Server::start(place, Clock::system()).await.everything;
    let program = Program::serve(place);
    let address = program
        .url
        .strip_prefix("http://")
        .expect("an address")
        .to_owned();
    // Some read, one never does.
    let open = |reads: bool| {
        let mut socket = std::net::TcpStream::connect(&address).expect("a connection");
        write!(
            socket,
            "GET /api/v1/live HTTP/1.1\r\nHost: {address}\r\nAuthorization: Bearer {key}\r\n\r\n"
        )
        .expect("asked");
        let mut lines = BufReader::new(socket.try_clone().expect("the same connection"));
        let mut line = String::new();
        while !line.starts_with("event: hello") {
            line.clear();
            assert_ne!(
                lines.read_line(&mut line).expect("a line"),
                0,
                "the stream begins"
            );
        }
        let reader = reads.then(|| {
            std::thread::spawn(move || {
                let mut rest = Vec::new();
                lines.read_to_end(&mut rest).map(|_| rest.len())
            })
        });
        (socket, reader)
    };
    let streams: Vec<_> = (0..12).map(|n| open(n % 4 != 0)).collect();
    let begun = Instant::now();
    let ended = program.terminate(SOON).await;
    assert!(ended.success(), "{}: {ended}", place.engine);
    assert!(
        begun.elapsed() < SOON,
        "{}: {:?}",
        place.engine,
        begun.elapsed()
    );
    for (_, reader) in streams {
        if let Some(reader) = reader {
            reader
                .join()
                .expect("a reader")
                .expect("the stream ends as it should");
        }
    }
}
