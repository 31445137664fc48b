mod checks;
mod database;
mod drain;
mod lease;
mod records;
mod snapshot;
mod start;
mod stop;
