//! What others read of this crate, and its place in the table of labels.

#![cfg(test)]

mod golden;
