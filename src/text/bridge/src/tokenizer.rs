//! Handle: a tokenizer read from JSON or trained, made fit for training data (no silent truncation, no dropout).

use serde_json::Value;
use tokenizers::models::bpe::{BpeTrainerBuilder, BPE};
use tokenizers::models::{ModelWrapper, TrainerWrapper};
use tokenizers::pre_tokenizers::byte_level::ByteLevel;
use tokenizers::{AddedToken, Tokenizer};

use crate::cut;

pub struct Handle {
    pub inner: Tokenizer,
    pub size: usize,      // largest id + 1
    pub exact_cuts: bool, // see cut.rs
}

impl Handle {
    pub fn parse(bytes: &[u8]) -> Result<Handle, String> {
        let json: Value = serde_json::from_slice(bytes).map_err(|fault| match fault.is_eof() {
            true => format!("the JSON is cut short: {fault}"),
            false => format!("not JSON: {fault}"),
        })?;
        if !json.get("model").is_some_and(Value::is_object) {
            return Err("JSON, but not a tokenizer.json: no object `model`".to_string());
        }
        let inner = Tokenizer::from_bytes(bytes).map_err(|fault| fault.to_string())?;
        Handle::from_tokenizer(inner, &json)
    }

    /// Byte-level BPE: a pair must be seen twice to be merged; ties go to the smaller pair of ids, so that the result
    /// depends on the texts alone.
    pub fn train(texts: &[&str], vocabulary_size: usize, end_token: &str, threads: usize) -> Result<Handle, String> {
        let mut inner = Tokenizer::new(BPE::default());
        inner.with_pre_tokenizer(Some(ByteLevel::new(false, false, true)));
        inner.with_post_processor(Some(ByteLevel::new(false, false, true)));
        inner.with_decoder(Some(ByteLevel::new(false, false, true)));
        let trainer = BpeTrainerBuilder::new()
            .vocab_size(vocabulary_size)
            .min_frequency(2)
            .show_progress(false)
            .initial_alphabet(ByteLevel::alphabet().into_iter().collect())
            .special_tokens(vec![AddedToken::from(end_token, true)])
            .build();
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().map_err(|fault| fault.to_string())?;
        let mut trainer = TrainerWrapper::BpeTrainer(trainer);
        pool.install(|| inner.train(&mut trainer, texts.iter()).map(|_| ())).map_err(|fault| fault.to_string())?;
        // Read back what would be written: a trained tokenizer and its file are the same thing.
        Handle::parse(inner.to_string(false).map_err(|fault| fault.to_string())?.as_bytes())
    }

    fn from_tokenizer(mut inner: Tokenizer, json: &Value) -> Result<Handle, String> {
        inner.with_truncation(None).map_err(|fault| fault.to_string())?;
        inner.with_padding(None);
        if let ModelWrapper::BPE(model) = inner.get_model() {
            if model.dropout.is_some() {
                let mut model = model.clone();
                model.dropout = None;
                inner.with_model(model);
            }
        }
        let size = inner.get_vocab(true).values().max().map_or(0, |&id| id as usize + 1);
        if size == 0 {
            return Err("the vocabulary is empty".to_string());
        }
        Ok(Handle { size, exact_cuts: cut::is_exact(json), inner })
    }

    pub fn write(&self) -> Result<String, String> {
        self.inner.to_string(true).map_err(|fault| fault.to_string())
    }

    pub fn decode(&self, ids: &[i32], skip_special: bool) -> Result<String, String> {
        let mut known = Vec::with_capacity(ids.len());
        for &id in ids {
            match u32::try_from(id) {
                Ok(id) if self.inner.id_to_token(id).is_some() => known.push(id),
                _ => return Err(format!("no token has the id {id}; the vocabulary has {}", self.size)),
            }
        }
        self.inner.decode(&known, skip_special).map_err(|fault| fault.to_string())
    }
}
