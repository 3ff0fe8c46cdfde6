//! The one door through which facts come in: validate, drop repetitions, write one durable batch, then acknowledge.

mod append;
pub mod check;
pub mod fold;
pub mod tell;
pub mod writer;
