//! Carries out a plan: the only room that may write.
