//! The one task that writes facts. Whatever waits when it is ready goes into one transaction (group commit), so many
//! small senders cost one flush to disk together. Nobody is answered before the commit.

use super::append::{Batch, append};
use super::check::Refusal;
use super::fold::Heads;
use crate::api::ingest::{ItemResult, ItemStatus};
use crate::domain::fold::{FAULT_GRACE, FoldRules};
use crate::domain::ids::{MachineId, Seq, SourceId};
use crate::domain::time::{Span, TsMs};
use crate::server::clock::Clock;
use crate::server::db::audit::{self, AuditRow};
use crate::server::db::facts::{self, NewFact};
use crate::server::db::failure::Failure;
use crate::server::db::quarantine;
use crate::server::db::rollup::{self, Changed};
use crate::server::db::timeline::Rows;
use crate::server::db::{Db, Tx, notify, refold};
use crate::server::live::hub::Hub;
use crate::server::plant::{CurrentPlant, Plant, stored_version_in};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use tokio::sync::{mpsc, oneshot};

/// Items that may wait; a batch that would exceed this is refused.
const MAX_WAITING: usize = 40_000;
/// Items in one transaction; one large batch may exceed it alone.
const GROUP: usize = 5_000;

/// Why a batch was not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// Too much is waiting; try again in a moment.
    #[error("too many items are waiting to be written")]
    Busy,
    /// The database cannot be reached or is locked; try again in a moment. Nothing of it was stored.
    #[error("the database cannot be reached or is locked")]
    Unavailable,
    /// The database could not store it. Nothing of it was stored.
    #[error("the database could not store the batch")]
    Failed,
}

impl From<&sqlx::Error> for Refused {
    fn from(error: &sqlx::Error) -> Self {
        match Failure::of(error) {
            Failure::Unreachable | Failure::Locked => Self::Unavailable,
            Failure::Inside => Self::Failed,
        }
    }
}

/// One item of a batch after its check: a fact, or what goes into quarantine.
pub type Checked = Result<NewFact, (Refusal, String)>;

/// An item in quarantine that leaves it if it is stored now, with the row of the audit trail that tells so.
#[derive(Clone, Debug)]
pub struct Release {
    /// The item's number in quarantine.
    pub id: i64,
    /// What goes on record.
    pub row: AuditRow,
}

enum Job {
    Batch {
        source: SourceId,
        items: Vec<Checked>,
        release: Option<Box<Release>>,
        reply: oneshot::Sender<Result<Vec<ItemResult>, Refused>>,
    },
    FoldAnew {
        reply: oneshot::Sender<Result<(), Refused>>,
    },
}

impl Job {
    fn len(&self) -> usize {
        match self {
            Self::Batch { items, .. } => items.len(),
            Self::FoldAnew { .. } => 0,
        }
    }

    /// Whether it has a transaction to itself: what is on record of somebody's act must not take facts of others with it
    /// when it cannot be written.
    fn is_alone(&self) -> bool {
        matches!(
            self,
            Self::Batch {
                release: Some(_),
                ..
            }
        )
    }

    fn release(&self) -> Option<&Release> {
        match self {
            Self::Batch { release, .. } => release.as_deref(),
            Self::FoldAnew { .. } => None,
        }
    }

    fn batch(&self) -> Option<Batch<'_>> {
        match self {
            Self::Batch { source, items, .. } => Some(Batch {
                source: *source,
                items,
            }),
            Self::FoldAnew { .. } => None,
        }
    }
}

/// The way to the writing task.
#[derive(Clone, Debug)]
pub struct Writer {
    jobs: mpsc::UnboundedSender<Job>,
    waiting: Arc<AtomicUsize>,
}

/// The writing task's own side.
struct Task {
    db: Db,
    clock: Clock,
    plant: Arc<CurrentPlant>,
    hub: Hub,
    heads: Heads,
    /// The last fact in the memory of `heads`; on a shared database another node may have gone further.
    seq: Seq,
    /// The version of the plant by whose rules `heads` were folded.
    rules: i64,
    /// Machines that were folded anew, of which screens were not told yet.
    folded: Vec<MachineId>,
}

impl Writer {
    /// Starts the writing task. It ends when the last `Writer` is dropped and everything that waited is written.
    #[must_use]
    pub fn start(
        db: Db,
        clock: Clock,
        plant: Arc<CurrentPlant>,
        hub: Hub,
    ) -> (Self, tokio::task::JoinHandle<()>) {
        let (jobs, mut inbox) = mpsc::unbounded_channel();
        let waiting = Arc::new(AtomicUsize::new(0));
        let writer = Self {
            jobs,
            waiting: Arc::clone(&waiting),
        };
        let mut task = Task {
            db,
            clock,
            plant,
            hub,
            heads: Heads::default(),
            seq: Seq(0),
            rules: 0,
            folded: Vec::new(),
        };
        let handle = tokio::spawn(async move {
            let mut put_off: Option<Job> = None;
            loop {
                let first = match put_off.take() {
                    Some(job) => job,
                    None => match inbox.recv().await {
                        Some(job) => job,
                        None => break,
                    },
                };
                let is_alone = first.is_alone();
                let mut size = first.len();
                let mut group = vec![first];
                while size < GROUP && !is_alone {
                    let Ok(next) = inbox.try_recv() else { break };
                    if next.is_alone() {
                        put_off = Some(next);
                        break;
                    }
                    size += next.len();
                    group.push(next);
                }
                task.run(group).await;
                waiting.fetch_sub(size, Ordering::AcqRel);
            }
        });
        (writer, handle)
    }

    /// Stores a batch of one sender and tells, item by item, what became of it. Returns only when everything accepted
    /// is durable.
    ///
    /// # Errors
    /// [`Refused::Busy`] before anything is done; [`Refused::Failed`] or [`Refused::Unavailable`] when nothing of it was
    /// stored.
    pub async fn store(
        &self,
        source: SourceId,
        items: Vec<Checked>,
    ) -> Result<Vec<ItemResult>, Refused> {
        self.queue(source, items, None).await
    }

    /// Stores an item that was held back. If it is no more refused it leaves quarantine, on record, in the same transaction.
    ///
    /// # Errors
    /// Those of [`store`](Self::store); the item stays in quarantine then, and nothing of it is in the timeline.
    pub async fn store_again(
        &self,
        source: SourceId,
        items: Vec<Checked>,
        release: Release,
    ) -> Result<Vec<ItemResult>, Refused> {
        let release = Some(Box::new(release));
        self.queue(source, items, release).await
    }

    async fn queue(
        &self,
        source: SourceId,
        items: Vec<Checked>,
        release: Option<Box<Release>>,
    ) -> Result<Vec<ItemResult>, Refused> {
        let size = items.len();
        if self.waiting.fetch_add(size, Ordering::AcqRel) > MAX_WAITING {
            self.waiting.fetch_sub(size, Ordering::AcqRel);
            return Err(Refused::Busy);
        }
        let (reply, answer) = oneshot::channel();
        if self
            .jobs
            .send(Job::Batch {
                source,
                items,
                release,
                reply,
            })
            .is_err()
        {
            self.waiting.fetch_sub(size, Ordering::AcqRel);
            return Err(Refused::Failed);
        }
        answer.await.unwrap_or(Err(Refused::Failed))
    }

    /// How many items wait.
    #[must_use]
    pub fn waiting(&self) -> usize {
        self.waiting.load(Ordering::Acquire)
    }

    /// Folds all facts of those machines anew whose rules changed since that was last done.
    ///
    /// # Errors
    /// [`Refused::Failed`] or [`Refused::Unavailable`] when the timeline could not be written; it is as it was then, and
    /// still to be done.
    pub async fn fold_anew(&self) -> Result<(), Refused> {
        let (reply, answer) = oneshot::channel();
        self.jobs
            .send(Job::FoldAnew { reply })
            .map_err(|_| Refused::Failed)?;
        answer.await.unwrap_or(Err(Refused::Failed))
    }
}

impl Task {
    async fn run(&mut self, group: Vec<Job>) {
        let done = self.write(&group).await;
        let mut results = match done {
            Ok((results, committed)) => {
                self.seq = committed.seq;
                self.rules = committed.rules;
                self.tell(committed).await;
                Ok(results.into_iter())
            }
            Err(error) => {
                tracing::error!(%error, "a group of facts could not be written");
                self.heads.forget();
                Err(Refused::from(&error))
            }
        };
        for job in group {
            // A sender that hung up no longer wants its answer; its facts are stored all the same.
            match job {
                Job::Batch { reply, .. } => {
                    let answer = match &mut results {
                        Ok(results) => results.next().ok_or(Refused::Failed),
                        Err(refused) => Err(*refused),
                    };
                    drop(reply.send(answer));
                }
                Job::FoldAnew { reply } => {
                    let answer = results.as_ref().map(|_| ()).map_err(|refused| *refused);
                    reply.send(answer).unwrap_or_default();
                }
            }
        }
    }

    async fn write(&mut self, group: &[Job]) -> sqlx::Result<(Vec<Vec<ItemResult>>, Committed)> {
        let (mut tx, before, plant) = loop {
            let mut tx = self.db.begin_append().await?;
            let before = facts::last_seq_in(&mut tx).await?;
            let plant = self.stored_plant(&mut tx).await?;
            let same_rules = plant.version == self.rules;
            if before != self.seq || !same_rules {
                self.heads.forget();
            }
            // Facts must not be folded on to what was made by old rules, so whoever writes first after a change does that.
            let due = if same_rules && group.iter().all(|job| job.batch().is_some()) {
                None
            } else {
                refold::take_one(&mut tx).await?
            };
            match due {
                // Each machine by itself: whoever else wants to write, such as the step of a call, waits for one only.
                Some(machine) => self.fold_whole(tx, &plant, machine).await?,
                None => break (tx, before, plant),
            }
        };
        let now = self.clock.now();
        let batches: Vec<Batch<'_>> = group.iter().filter_map(Job::batch).collect();
        let fresh = append(&mut tx, &batches, &plant, before, now).await?;
        let mut machines: Vec<MachineId> = fresh.by_machine.keys().copied().collect();
        let mut rows = Rows::default();
        let mut past = Vec::new();
        for (machine, new) in fresh.by_machine {
            if let Some((_, known)) = plant.machine(machine) {
                let first = new.iter().map(|f| f.at).min().unwrap_or(now);
                let heads = &mut self.heads;
                let until = heads
                    .take_in(&mut tx, machine, &known.rules, new, &mut rows)
                    .await?;
                past.push((machine, restated(&known.rules, first, until)));
            }
        }
        rows.write(&mut tx).await?;
        rollup::ask_for_machines(&mut tx, &changed(&plant, past)).await?;
        quarantine::hold(&mut tx, &fresh.held, now).await?;
        let seq = facts::last_seq_after(&mut tx, before, fresh.added).await?;
        notify::hint(&mut tx, seq).await?;
        for release in released(group, &fresh.results) {
            quarantine::release(&mut tx, release.id).await?;
            audit::add(&mut tx, &release.row).await?;
        }
        tx.commit().await?;
        machines.append(&mut self.folded);
        Ok((
            fresh.results,
            Committed {
                before,
                seq,
                rules: plant.version,
                machines,
            },
        ))
    }

    /// Folds all facts of a machine anew, in a transaction that knows that it is due.
    async fn fold_whole(
        &mut self,
        mut tx: Tx,
        plant: &Plant,
        machine: MachineId,
    ) -> sqlx::Result<()> {
        if let Some((_, known)) = plant.machine(machine) {
            let mut rows = Rows::default();
            self.heads
                .rebuild(&mut tx, machine, &known.rules, &mut rows)
                .await?;
            rows.write(&mut tx).await?;
            let past = vec![(machine, Span::clamped(TsMs(0), TsMs(i64::MAX)))];
            rollup::ask_for_machines(&mut tx, &changed(plant, past)).await?;
        }
        tx.commit().await?;
        self.folded.push(machine);
        Ok(())
    }

    /// The plant whose rules hold in this transaction. Another node may have changed it without our having heard yet;
    /// with the old rules the timeline would differ from the one that it folded anew.
    async fn stored_plant(&self, tx: &mut Tx) -> sqlx::Result<Arc<Plant>> {
        let known = self.plant.get();
        if stored_version_in(tx).await? == known.version {
            Ok(known)
        } else {
            Ok(Arc::new(Plant::load(&self.db).await?))
        }
    }

    /// Tells the screens, also of what other nodes committed since this one last looked: the number that screens are
    /// told jumps over those facts, so nobody else will.
    async fn tell(&self, mut committed: Committed) {
        let seen = self.hub.seq();
        if committed.before > seen {
            match facts::machines_since(&self.db, seen).await {
                Ok(others) => committed.machines.extend(others),
                Err(error) => tracing::warn!(%error, "cannot see what other nodes wrote"),
            }
        }
        self.hub.committed(committed.seq, &committed.machines);
    }
}

/// The items that leave quarantine, since nothing of their batch was refused.
fn released<'a>(group: &'a [Job], results: &[Vec<ItemResult>]) -> Vec<&'a Release> {
    let batches = group.iter().filter(|job| job.batch().is_some());
    let stored = batches.zip(results).filter(|(_, results)| {
        let mut all = results.iter();
        all.all(|r| r.status != ItemStatus::Rejected)
    });
    stored.filter_map(|(job, _)| job.release()).collect()
}

/// The stretch of a machine's past that facts from `first` on may have changed: a fact may end a silence that was thought
/// to be one, and explain a stop that began before it.
fn restated(rules: &FoldRules, first: TsMs, until: TsMs) -> Span {
    let from = TsMs(
        first
            .minute()
            .0
            .saturating_sub(rules.longest_doubt().0 + FAULT_GRACE.0),
    );
    Span::clamped(from, until)
}

/// What a transaction left behind.
/// Stretches of machines' timelines that were written, as roll-ups are asked for.
fn changed(plant: &Plant, past: Vec<(MachineId, Span)>) -> Vec<Changed> {
    let one = |(machine, span)| {
        let (line, _) = plant.machine(machine)?;
        Some(Changed {
            line: line.id,
            machine,
            span,
            start_up: line.rules.start_up,
            settled: line.rules.minor_stop.max(line.rules.debounce),
        })
    };
    past.into_iter().filter_map(one).collect()
}

struct Committed {
    /// The last number before it.
    before: Seq,
    seq: Seq,
    /// The version of the plant by whose rules it was folded.
    rules: i64,
    machines: Vec<MachineId>,
}
