//! Takes code out of the browser's WASM that can never run, which the linker cannot know.
//!
//! Every view that Leptos erases carries a table of functions, one of them for hydrating lazily loaded routes
//! (`hydrate_async`). We hydrate at once (`hydrate_body`), so nobody calls it, yet it is a sixth of what is sent. Its
//! bodies are replaced by a trap; what only they used falls away with them. Should one be called after all, the page
//! stops with an error, and the browser tests run on this very file.

use anyhow::Result;
use walrus::{FunctionBuilder, FunctionId, FunctionKind, LocalId, Module, ModuleConfig};

/// Whether this is the body of an `async fn hydrate_async`: its closure and nothing else. Other functions with the name
/// in theirs, such as those that drop the closure, may be shared with living code by the linker.
fn is_never_called(name: &str) -> bool {
    const CLOSURE: &str = "13hydrate_async28_$u7b$$u7b$closure$u7d$$u7d$17h";
    let hash = name.split_once(CLOSURE).map(|(_, rest)| rest);
    name.starts_with("_ZN")
        && !name.contains("drop_in_place")
        && hash.is_some_and(|h| h.len() == 17)
}

pub fn snip(bytes: &[u8]) -> Result<Vec<u8>> {
    let mut module = ModuleConfig::new().parse(bytes)?;
    let functions = module.funcs.iter();
    let dead = functions.filter(|f| f.name.as_deref().is_some_and(is_never_called));
    let dead: Vec<FunctionId> = dead.map(walrus::Function::id).collect();
    for id in dead {
        trap(&mut module, id);
    }
    walrus::passes::gc::run(&mut module);
    Ok(module.emit_wasm())
}

/// Replaces the body of a function by a trap.
fn trap(module: &mut Module, id: FunctionId) {
    let FunctionKind::Local(function) = &module.funcs.get(id).kind else {
        return;
    };
    let signature = module.types.get(function.ty());
    let (params, results) = (signature.params().to_vec(), signature.results().to_vec());
    let mut body = FunctionBuilder::new(&mut module.types, &params, &results);
    body.func_body().unreachable();
    let arguments: Vec<LocalId> = params.into_iter().map(|ty| module.locals.add(ty)).collect();
    module.funcs.get_mut(id).kind = FunctionKind::Local(body.local_func(arguments));
}

#[cfg(test)]
mod tests {
    use super::*;
    use walrus::ValType;

    const DEAD: &str = "_ZN1x13hydrate_async28_$u7b$$u7b$closure$u7d$$u7d$17h0123456789abcdefE";

    const SHARED: &str = "_ZN4core3ptr13drop_in_place13hydrate_async28_$u7b$$u7b$closure$u7d$$u7d$17h0123456789abcdefE";

    fn constant(module: &mut Module, name: &str, value: i32) -> FunctionId {
        let mut function = FunctionBuilder::new(&mut module.types, &[], &[ValType::I32]);
        function.name(name.to_owned()).func_body().i32_const(value);
        function.finish(vec![], &mut module.funcs)
    }

    #[test]
    fn what_is_never_called_is_a_trap_and_the_rest_stays() {
        let mut module = Module::default();
        for (name, value) in [("hydrate", 7), (DEAD, 8), (SHARED, 9)] {
            let id = constant(&mut module, name, value);
            module.exports.add(name, id);
        }
        let snipped = snip(&module.emit_wasm()).expect("a module");
        let module = Module::from_buffer(&snipped).expect("a module");
        let body = |name: &str| {
            let id = module.exports.get_func(name).expect("it is exported");
            let function = module.funcs.get(id).kind.unwrap_local();
            format!("{:?}", function.block(function.entry_block()).instrs)
        };
        assert!(body("hydrate").contains("I32(7)"), "{}", body("hydrate"));
        assert!(body(SHARED).contains("I32(9)"), "{}", body(SHARED));
        assert!(body(DEAD).contains("Unreachable"));
    }
}
