//! Stops of some shifts, of a crew, of a product: those that lose time there, as the figures of the same choice count it.

use super::unknown;
use crate::api::downtime::DowntimeFilter;
use crate::domain::downtime::{Stop, lost};
use crate::domain::ids::ProductId;
use crate::domain::shift::{Schedule, ShiftInstance};
use crate::domain::time::Span;
use crate::server::plant::Plant;
use crate::server::services::error::ServiceError;

/// The part of a window that is looked at.
pub(super) struct Within<'a> {
    window: Span,
    shift: Option<&'a str>,
    crew: Option<&'a str>,
    product: Option<ProductId>,
}

impl<'a> Within<'a> {
    /// What a filter asks for.
    pub fn of(
        plant: &Plant,
        filter: &'a DowntimeFilter,
        window: Span,
    ) -> Result<Self, ServiceError> {
        let shift = filter.shift.as_deref();
        if let Some(name) = shift.filter(|name| plant.pattern(name).is_none()) {
            return Err(unknown("shift", name));
        }
        let product = filter.product.as_ref().map(|code| {
            let id = plant.product_id(code);
            id.ok_or_else(|| unknown("product", code))
        });
        Ok(Self {
            window,
            shift,
            crew: filter.crew.as_deref(),
            product: product.transpose()?,
        })
    }

    /// Whether a stop loses time there, or began there.
    pub fn takes(&self, stop: &Stop<'_>, schedule: &Schedule) -> bool {
        if self.shift.is_none() && self.crew.is_none() && self.product.is_none() {
            return true;
        }
        let Some(seen) = stop.run.span.intersect(self.window) else {
            return false;
        };
        let begins = |span: Span| span.contains(stop.run.span.from()) && stop.is_counted(schedule);
        self.stretches(seen, schedule).into_iter().any(|span| {
            let lost = lost(span, stop.parts, schedule);
            let first = stop.parts.iter().take(usize::from(begins(span)));
            let mut parts = lost.into_iter().map(|(_, part)| part).chain(first);
            parts.any(|part| self.product.is_none() || part.product == self.product)
        })
    }

    fn stretches(&self, seen: Span, schedule: &Schedule) -> Vec<Span> {
        if self.shift.is_none() && self.crew.is_none() {
            return vec![seen];
        }
        let fits = |shift: &ShiftInstance| {
            self.shift.is_none_or(|name| shift.name == name)
                && (self.crew.is_none() || shift.crew.as_deref() == self.crew)
        };
        let shifts = schedule.shifts(seen).into_iter();
        shifts
            .filter(|(_, shift)| shift.is_some_and(fits))
            .map(|(span, _)| span)
            .collect()
    }
}
