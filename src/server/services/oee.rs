//! OEE of machines and lines over any window.

use super::error::{ServiceError, not_found};
use super::line::window;
use super::window::read;
use crate::domain::account::Account;
use crate::domain::figure::Figure;
use crate::domain::time::Span;
use crate::server::state::App;
use serde::Serialize;

/// An account with the figures that follow from it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Reckoned {
    /// The code of the line or machine.
    pub code: String,
    /// Planned production time, seconds.
    pub planned_s: f64,
    /// Run time, seconds.
    pub run_s: f64,
    /// Ideal time of all output, seconds.
    pub ideal_s: f64,
    /// Ideal time of good output, seconds.
    pub ideal_good_s: f64,
    /// A.
    pub availability: Figure,
    /// P.
    pub performance: Figure,
    /// Q.
    pub quality: Figure,
    /// OEE.
    pub oee: Figure,
    /// A times P: OEE as far as it is known without quality.
    pub availability_performance: Figure,
    /// Known over planned production time.
    pub coverage: Figure,
    /// Where the time went.
    pub account: Account,
}

impl Reckoned {
    fn new(code: &str, account: Account) -> Self {
        Self {
            code: code.to_owned(),
            planned_s: account.planned_production().secs(),
            run_s: account.run_time().secs(),
            ideal_s: account.ideal_total.secs(),
            ideal_good_s: account.ideal_good.secs(),
            availability: account.availability(),
            performance: account.performance(),
            quality: account.quality(),
            oee: account.oee(),
            availability_performance: account.availability_performance(),
            coverage: account.coverage(),
            account,
        }
    }
}

/// OEE of a line over a window.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct LineOee {
    /// The window in epoch milliseconds, cut at now.
    pub window: Span,
    /// Line OEE: the pacing machine's time, the pieces that left the line. Absent for machines side by side.
    pub line: Option<Reckoned>,
    /// Asset OEE: the sum over the machines.
    pub assets: Reckoned,
    /// Machine by machine.
    pub machines: Vec<Reckoned>,
}

/// OEE of a line over `[from, to)` in epoch milliseconds.
///
/// # Errors
/// An unknown line, a window that cannot be, or the database's.
pub async fn calculate_oee(
    app: &App,
    code: &str,
    from: i64,
    to: i64,
) -> Result<LineOee, ServiceError> {
    let (plant, now) = (app.plant.get(), app.clock.now());
    let window = window(from, to)?;
    let line = plant.line(code).ok_or_else(|| not_found("line", code))?;
    let site = plant.site.as_ref().ok_or_else(|| not_found("site", ""))?;
    let data = read(&app.db, site, line, window, now).await?;
    let machines = line.machines.iter().zip(&data.machines);
    let machines = machines
        .map(|(m, d)| Reckoned::new(&m.code, data.machine_account(&plant, line, d, data.window)));
    Ok(LineOee {
        window: data.window,
        line: data
            .line_account(&plant, line, data.window)
            .map(|a| Reckoned::new(&line.code, a)),
        assets: Reckoned::new(&line.code, data.asset_account(&plant, line, data.window)),
        machines: machines.collect(),
    })
}
