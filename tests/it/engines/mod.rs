//! One project on every engine: the same rows, and what is told where an engine cannot.

mod abilities;
mod both;
mod declared;
mod differences;
mod elsewhere;
mod held;
mod sample;
mod stored;
mod told;
mod twins;
