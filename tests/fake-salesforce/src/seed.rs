//! An org of any size, made from a number.
