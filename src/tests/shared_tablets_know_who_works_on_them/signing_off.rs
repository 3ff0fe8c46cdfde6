//! People are signed off when nobody touches the tablet, and when their PIN or badge changes; the tablet stays one.

use super::{floor, tablet};
use crate::browser::{Browser, between, leads_to, text};
use crate::harness::Place;
use axum::http::StatusCode;
use ms5_floor::domain::time::{DurMs, MINUTE_MS};

on_both! {
    without_a_touch_people_are_signed_off_and_the_tablet_stays,
    a_changed_pin_or_badge_signs_people_off_tablets,
}

async fn without_a_touch_people_are_signed_off_and_the_tablet_stays(place: &Place) {
    let floor = floor(place).await;
    let mut tablet = tablet(&floor).await;
    tablet.post("/sign-on", &[("badge", "0041-77")]).await;
    assert_eq!(tablet.get("/account").await.status, StatusCode::OK);
    floor
        .hands
        .set(floor.server.app.clock.now() + DurMs(11 * MINUTE_MS));
    assert_eq!(
        leads_to(&tablet.get("/account").await),
        "/sign-on?next=%2Faccount"
    );
    assert_eq!(tablet.get("/lines/L1").await.status, StatusCode::OK);
    // What they send now waits until somebody has signed on, on the page where they were.
    let here = "/lines/L1?view=stops&stop=M1-1783324800000";
    let sign_on = "/sign-on?next=%2Flines%2FL1%3Fview%3Dstops%26stop%3DM1-1783324800000";
    for form in ["/lines/L1/stops", "/account/password", "/admin/devices"] {
        let answer = tablet.post_from(here, form, &[]).await;
        assert_eq!(leads_to(&answer), sign_on, "{form}");
    }
    assert_eq!(
        leads_to(&tablet.post("/account/password", &[]).await),
        "/sign-on"
    );
    let page = text(&tablet.get_from(here, "/sign-on").await);
    assert_eq!(
        between(&page, "name=\"next\" value=\"", "\""),
        here.replace('&', "&amp;")
    );
}

async fn a_changed_pin_or_badge_signs_people_off_tablets(place: &Place) {
    let floor = floor(place).await;
    let mut admin = Browser::signed_in(&floor.server, "ada").await;
    let mut own = Browser::signed_in(&floor.server, "maria").await;
    let mut tablet = tablet(&floor).await;
    let maria = floor.maria.0.to_string();
    for (what, form, opens) in [
        ("pin", ("pin", "9173"), ("pin", "9173")),
        ("badge", ("badge", "0041-79"), ("badge", "0041-79")),
        ("pin", ("clear", "yes"), ("badge", "0041-79")),
        ("badge", ("clear", "yes"), ("", "")),
    ] {
        if what == "pin" && form.0 == "pin" {
            leads_to(&tablet.post("/sign-on", &[("badge", "0041-77")]).await);
        }
        assert_eq!(tablet.get("/account").await.status, StatusCode::OK);
        let path = format!("/admin/people/{maria}/{what}");
        leads_to(&admin.post(&path, &[form]).await);
        assert_eq!(
            leads_to(&tablet.get("/account").await),
            "/sign-on?next=%2Faccount",
            "{what} {form:?}"
        );
        assert_eq!(tablet.get("/lines/L1").await.status, StatusCode::OK);
        if opens.0 == "pin" {
            leads_to(
                &tablet
                    .post("/sign-on", &[("person", maria.as_str()), opens])
                    .await,
            );
        } else if opens.0 == "badge" {
            leads_to(&tablet.post("/sign-on", &[opens]).await);
        }
    }
    assert_eq!(
        own.get("/account").await.status,
        StatusCode::OK,
        "her own browser is none of it"
    );
}
