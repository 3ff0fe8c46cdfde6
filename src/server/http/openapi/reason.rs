//! Why something is asked for: a header that whatever is on the audit trail takes.

use crate::server::auth::guard::LONGEST_REASON;
use utoipa::openapi::path::{Operation, Parameter, ParameterBuilder, ParameterIn};
use utoipa::openapi::{ObjectBuilder, OpenApi, RefOr, Required, Type};

/// Facts are kept for good themselves, and say who sent them.
const INGEST: &str = "/api/v1/ingest";

/// Adds it to every route of the document that changes something.
pub fn tell(document: &mut OpenApi) {
    for (path, item) in &mut document.paths.paths {
        if path == INGEST {
            continue;
        }
        let changing = [&mut item.put, &mut item.post, &mut item.delete];
        for operation in changing.into_iter().flatten() {
            add(operation);
        }
    }
}

fn add(operation: &mut Operation) {
    let parameters = operation.parameters.get_or_insert_default();
    parameters.push(RefOr::T(header()));
}

fn header() -> Parameter {
    // Text beyond ASCII is read as UTF-8, which not every client can send in a header.
    let text = ObjectBuilder::new()
        .schema_type(Type::String)
        .max_length(Some(LONGEST_REASON))
        .pattern(Some("^[ -~]*$"));
    ParameterBuilder::new()
        .name("X-Reason")
        .parameter_in(ParameterIn::Header)
        .required(Required::False)
        .description(Some("Why, for the audit trail"))
        .schema(Some(text))
        .build()
}
