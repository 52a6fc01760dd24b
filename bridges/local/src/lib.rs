//! Private stores and stand-ins for one machine.
