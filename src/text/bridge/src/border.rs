//! What crosses the border: borrowed views in, owned buffers out, errors and panics as text.

use std::cell::RefCell;
use std::panic::{catch_unwind, AssertUnwindSafe};
use std::sync::Once;

use crate::encode::Encoded;

/// The caller's bytes, borrowed for one call.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct View {
    data: *const u8,
    size: usize,
}

impl View {
    /// # Safety
    /// The view's bytes outlive the result.
    pub unsafe fn bytes<'a>(self) -> &'a [u8] {
        if self.size == 0 {
            return &[];
        }
        std::slice::from_raw_parts(self.data, self.size)
    }

    /// # Safety
    /// As `bytes`.
    pub unsafe fn text<'a>(self) -> Result<&'a str, String> {
        std::str::from_utf8(self.bytes()).map_err(|fault| format!("not UTF-8 at byte {}", fault.valid_up_to()))
    }
}

/// # Safety
/// `views` points to `count` views whose bytes outlive the result.
pub unsafe fn view_slice<'a>(views: *const View, count: usize) -> Result<Vec<&'a str>, String> {
    if count == 0 {
        return Ok(Vec::new());
    }
    let views = std::slice::from_raw_parts(views, count);
    let name = |index: usize, fault: String| if count == 1 { fault } else { format!("text {index}: {fault}") };
    views.iter().enumerate().map(|(index, view)| view.text().map_err(|fault| name(index, fault))).collect()
}

/// Bytes that this side allocated and frees.
#[repr(C)]
pub struct Text {
    data: *mut u8,
    size: usize,
}

impl Text {
    pub fn new(text: String) -> Text {
        let bytes = text.into_bytes().into_boxed_slice();
        let size = bytes.len();
        Text { data: Box::into_raw(bytes).cast(), size }
    }

    pub fn none() -> Text {
        Text { data: std::ptr::null_mut(), size: 0 }
    }

    pub fn free(self) {
        free_slice(self.data, self.size);
    }
}

/// Token ids of several texts, one after another; this side allocated and frees them.
#[repr(C)]
pub struct Ids {
    ids: *mut i32,
    offsets: *mut usize,
    marks: *mut u8,
    id_count: usize,
    count: usize,
}

impl Ids {
    pub fn new(encoded: Encoded) -> Ids {
        let (id_count, count) = (encoded.ids.len(), encoded.offsets.len() - 1);
        Ids {
            ids: into_raw(encoded.ids),
            offsets: into_raw(encoded.offsets),
            marks: encoded.marks.map_or(std::ptr::null_mut(), into_raw),
            id_count,
            count,
        }
    }

    pub fn free(self) {
        free_slice(self.ids, self.id_count);
        free_slice(self.offsets, self.count + 1);
        free_slice(self.marks, self.id_count);
    }
}

/// Parts of one text in bytes, [begin, end) one after another. Those that this side hands out it frees.
#[repr(C)]
pub struct Spans {
    bounds: *mut usize,
    count: usize,
}

impl Spans {
    pub fn new(spans: &[(usize, usize)]) -> Spans {
        Spans { bounds: into_raw(spans.iter().flat_map(|&(begin, end)| [begin, end]).collect()), count: spans.len() }
    }

    /// # Safety
    /// `bounds` points to 2 * `count` numbers.
    pub unsafe fn pairs(&self) -> Vec<(usize, usize)> {
        (0..self.count).map(|i| (*self.bounds.add(2 * i), *self.bounds.add(2 * i + 1))).collect()
    }

    pub fn free(self) {
        free_slice(self.bounds, 2 * self.count);
    }
}

fn into_raw<T>(values: Vec<T>) -> *mut T {
    Box::into_raw(values.into_boxed_slice()).cast()
}

fn free_slice<T>(data: *mut T, size: usize) {
    if !data.is_null() {
        // SAFETY: every non-null pointer handed out came from Box::into_raw of a slice of this size.
        drop(unsafe { Box::from_raw(std::ptr::slice_from_raw_parts_mut(data, size)) });
    }
}

thread_local! {
    static PANIC_PLACE: RefCell<String> = const { RefCell::new(String::new()) };
}

/// A library does not print: the place of a panic goes into the error instead of to stderr.
fn keep_panics_quiet() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        std::panic::set_hook(Box::new(|info| {
            let place = info.location().map_or(String::new(), |at| format!(" at {}:{}", at.file(), at.line()));
            PANIC_PLACE.with(|kept| *kept.borrow_mut() = place);
        }));
    });
}

/// Runs `work`; what goes wrong, panics included, becomes text in `error` (unless that is null).
///
/// # Safety
/// `error` is null or may be written to.
pub unsafe fn guard<T>(error: *mut Text, work: impl FnOnce() -> Result<T, String>) -> Option<T> {
    keep_panics_quiet();
    let fault = match catch_unwind(AssertUnwindSafe(work)) {
        Ok(Ok(value)) => return Some(value),
        Ok(Err(fault)) => fault,
        Err(panic) => panic_text(panic.as_ref()),
    };
    if !error.is_null() {
        *error = Text::new(fault);
    }
    None
}

pub fn panic_text(panic: &(dyn std::any::Any + Send)) -> String {
    let said = panic.downcast_ref::<String>().map(String::as_str).or(panic.downcast_ref::<&str>().copied());
    format!("internal fault{}: {}", PANIC_PLACE.with(|place| place.borrow().clone()), said.unwrap_or("unknown"))
}
