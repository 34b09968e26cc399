//! The real driver against lists that change in memory: nothing is lost under any verdict but `unverified`.

mod histories;
mod model;
mod world;
