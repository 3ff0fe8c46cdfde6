-- Machines whose facts must be folded anew: the rules of their fold changed, and their timeline still follows the old ones.
CREATE TABLE refold_due (
    machine_id BIGINT PRIMARY KEY
);
