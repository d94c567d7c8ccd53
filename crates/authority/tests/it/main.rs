//! What others read of this crate, and its place in the table of labels.

#![cfg(test)]

mod certificates;
mod dump;
mod explaining;
mod golden;
mod house;
mod labels;
mod profile;
