//! What a route may answer besides success: problem documents, the same for all routes of a kind. What a handler says of a
//! status by itself stays, in its own words.

use super::super::problem::{Document, PROBLEM_JSON};
use utoipa::openapi::path::Operation;
use utoipa::openapi::{Content, OpenApi, Ref, RefOr, Response};
use utoipa::{PartialSchema, ToSchema};

type Told = &'static [(&'static str, &'static str)];

const OF_ALL: Told = &[
    ("401", "Nobody is known to be there: send a key that holds"),
    (
        "403",
        "A permission is missing, and named; or a page of another site sent it",
    ),
    (
        "500",
        "A fault of the server; its log tells more under the request's id",
    ),
    (
        "503",
        "Not now: the database is away or locked; Retry-After says when to come back",
    ),
];
const WITH_PARAMETERS: Told = &[
    ("400", "The path, the query or the body cannot be read"),
    ("404", "There is no such thing"),
    ("422", "A value is not valid; every wrong field is named"),
];
const WITH_BODY: Told = &[
    ("400", "The body cannot be read"),
    ("408", "The request did not come in time"),
    ("413", "Too much at once"),
    ("415", "The body is not said to be JSON"),
    ("422", "A value is not valid; every wrong field is named"),
];

/// Adds them to every route of the document.
pub fn tell(document: &mut OpenApi) {
    let components = document.components.get_or_insert_default();
    components
        .schemas
        .insert(Document::name().into_owned(), Document::schema());
    let mut parts = Vec::new();
    Document::schemas(&mut parts);
    components.schemas.extend(parts);
    for item in document.paths.paths.values_mut() {
        let operations = [
            &mut item.get,
            &mut item.put,
            &mut item.post,
            &mut item.delete,
        ];
        for operation in operations.into_iter().flatten() {
            refused(operation);
        }
    }
}

fn refused(operation: &mut Operation) {
    let mut told = OF_ALL.to_vec();
    if operation.request_body.is_some() {
        told.extend(WITH_BODY);
    }
    if operation.parameters.is_some() {
        told.extend(WITH_PARAMETERS);
    }
    let responses = &mut operation.responses.responses;
    for (status, words) in told {
        responses
            .entry(status.to_owned())
            .or_insert_with(|| Response::new(words).into());
    }
    for (status, response) in responses {
        if let RefOr::T(response) = response
            && !status.starts_with('2')
        {
            response.content.clear();
            let content = Content::new(Some(Ref::from_schema_name(Document::name())));
            response
                .content
                .insert(PROBLEM_JSON.to_owned(), content.into());
        }
    }
}
