mod calls;
mod contact;
mod gate;
mod parts;
mod unreadable;
