//! Calls of libraries that panic where a file is damaged, as errors.

use std::panic::{AssertUnwindSafe, catch_unwind};

/// Does `call`. What it was about to change is not used after a panic: the caller gives the store up.
///
/// # Errors
/// What `call` says; the message of its panic.
pub fn guarded<T>(call: impl FnOnce() -> Result<T, String>) -> Result<T, String> {
    catch_unwind(AssertUnwindSafe(call)).unwrap_or_else(|panic| {
        let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
        let text = text.or_else(|| panic.downcast_ref::<String>().cloned());
        Err(format!("its library panicked: {}", text.unwrap_or_else(|| "it did not say why".into())))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_is_an_error_that_says_why() {
        assert_eq!(guarded(|| Ok(7)), Ok(7));
        assert_eq!(guarded::<()>(|| Err("no".into())), Err("no".into()));
        let said = |number: i32| guarded::<()>(|| panic!("number {number}")).unwrap_err();
        assert_eq!(said(3), "its library panicked: number 3");
        assert_eq!(guarded::<()>(|| panic!("plainly")).unwrap_err(), "its library panicked: plainly");
    }
}
