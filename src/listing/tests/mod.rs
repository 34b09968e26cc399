//! Runs the real driver on lists in memory that change: no row may be lost unless the verdict is `unverified`.

mod histories;
mod model;
mod world;
