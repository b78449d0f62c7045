package arch

import (
	"fmt"
	"go/ast"
	"go/token"
	"path"
	"slices"
)

// checkSource returns the forbidden constructs of a file that ships.
func checkSource(f file) []string {
	var found []string
	report := func(what, reason string) {
		found = append(found, fmt.Sprintf("%s: %s: %s", f.name, what, reason))
	}
	for _, spec := range f.ast.Imports {
		if spec.Name != nil && (spec.Path.Value == `"sync"` || spec.Path.Value == `"`+module+`/sync"`) {
			report("sync under another name", "keep the engine and a mutex in different files, then each has its own name")
		}
	}
	for _, decl := range f.ast.Decls {
		switch d := decl.(type) {
		case *ast.FuncDecl:
			if d.Name.Name == "init" && d.Recv == nil {
				report("func init", "work that nobody called cannot be seen, ordered or tested")
			}
		case *ast.GenDecl:
			if d.Tok == token.VAR && compiles(d) {
				report("a pattern or template compiled into a package variable", "every start of the program would pay for it")
			}
		}
	}
	ast.Inspect(f.ast, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.CallExpr:
			if reason := forbiddenCall(f, n); reason != "" {
				report(callee(n), reason)
			}
		case *ast.TypeSpec:
			if fields, ok := n.Type.(*ast.StructType); ok && holdsContext(fields) && !slices.Contains(oneCall(), path.Dir(f.name)+"."+n.Name.Name) {
				report("a context in the struct "+n.Name.Name, "a context belongs to one call; pass it as the first argument")
			}
		}
		return true
	})
	return found
}

// forbiddenCall returns why a call is forbidden in this file, or "".
func forbiddenCall(f file, call *ast.CallExpr) string {
	const temp = "a full temp folder must not stop us, and a rename from there is a copy; write beside the target, see internal/atomicfile"
	switch callee(call) {
	case "os.TempDir":
		return temp
	case "os.MkdirTemp", "os.CreateTemp":
		if dir, ok := call.Args[0].(*ast.BasicLit); ok && (dir.Value == `""` || dir.Value == "``") {
			return temp
		}
	case "os.Exit":
		if f.ast.Name.Name != "main" || path.Base(f.name) != "main.go" {
			return "deferred work is skipped; return an error, main.go turns it into an exit code"
		}
	case "log.Fatal", "log.Fatalf", "log.Fatalln", "log.Panic", "log.Panicf", "log.Panicln":
		return "deferred work is skipped; return an error, main.go turns it into an exit code"
	}
	return ""
}

// callee returns the function of a call like os.Exit, or "".
func callee(call *ast.CallExpr) string {
	selector, ok := call.Fun.(*ast.SelectorExpr)
	if !ok {
		return ""
	}
	if in, ok := selector.X.(*ast.Ident); ok {
		return in.Name + "." + selector.Sel.Name
	}
	return ""
}

// compiles reports whether a variable is set from a pattern or a template.
func compiles(d *ast.GenDecl) bool {
	slow := []string{"regexp.MustCompile", "regexp.MustCompilePOSIX", "template.Must"}
	for _, spec := range d.Specs {
		for _, value := range spec.(*ast.ValueSpec).Values {
			if call, ok := value.(*ast.CallExpr); ok && slices.Contains(slow, callee(call)) {
				return true
			}
		}
	}
	return false
}

func holdsContext(s *ast.StructType) bool {
	return slices.ContainsFunc(s.Fields.List, func(field *ast.Field) bool {
		selector, ok := field.Type.(*ast.SelectorExpr)
		if !ok || selector.Sel.Name != "Context" {
			return false
		}
		in, ok := selector.X.(*ast.Ident)
		return ok && in.Name == "context"
	})
}
