//! Configuration of the program itself: flags over variables over file.
