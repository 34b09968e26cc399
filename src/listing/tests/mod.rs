//! Runs the real driver on lists in memory that change: no row may be lost unless the verdict is `unverified`.

mod changes;
mod histories;
mod kinds;
mod model;
mod world;
