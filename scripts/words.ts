/** What the comments in the source say, as the compiler reads them. */
import { join } from "node:path";
import ts from "typescript";

const ROOT = join(__dirname, "..");

/** A field of an interface, or a property of a class. */
export interface Member {
    readonly name: string;
    /** As it is written, without what makes an input or an output of it. */
    readonly type: string;
    readonly isOptional: boolean;
    readonly doc: string;
}

export class Words {
    private readonly checker: ts.TypeChecker;
    private readonly exported: ReadonlyMap<string, ts.Symbol>;
    private readonly declared = new Map<string, ts.Symbol>();

    constructor() {
        const entry = join(ROOT, "provider", "index.ts");
        const { options } = ts.parseJsonConfigFileContent(
            ts.readConfigFile(join(ROOT, "tsconfig.json"), ts.sys.readFile).config,
            ts.sys,
            ROOT,
        );
        const program = ts.createProgram([entry], options);
        this.checker = program.getTypeChecker();
        const source = program.getSourceFile(entry);
        const module = source && this.checker.getSymbolAtLocation(source);
        const exports = module ? this.checker.getExportsOfModule(module) : [];
        this.exported = new Map(exports.map((symbol) => [symbol.name, this.resolved(symbol)]));
        for (const file of program.getSourceFiles()) {
            for (const statement of file.statements) {
                if (ts.isInterfaceDeclaration(statement) && !file.isDeclarationFile) {
                    const symbol = this.checker.getSymbolAtLocation(statement.name);
                    symbol && this.declared.set(symbol.name, symbol);
                }
            }
        }
    }

    ofClass(name: string): string {
        const symbol = this.symbol(name);
        const examples = symbol
            .getJsDocTags(this.checker)
            .filter((tag) => tag.name === "example")
            .map((tag) => ts.displayPartsToString(tag.text));
        return [this.docOf(symbol), ...examples].join("\n\n");
    }

    ofInterface(name: string): string {
        return this.docOf(this.symbol(name));
    }

    /** The comment of each field. */
    ofFields(name: string): ReadonlyMap<string, string> {
        const fields = this.checker.getDeclaredTypeOfSymbol(this.symbol(name)).getProperties();
        return new Map(fields.map((field) => [field.name, this.docOf(field)]));
    }

    /** The fields of an interface that is no table. */
    members(name: string): Member[] {
        const fields = this.checker.getDeclaredTypeOfSymbol(this.symbol(name)).getProperties();
        return fields.map((field) => this.memberOf(field));
    }

    /** The properties of a class. */
    properties(name: string): Member[] {
        const declaration = this.symbol(name).declarations?.find(ts.isClassDeclaration);
        return [...(declaration?.members ?? [])].filter(ts.isPropertyDeclaration).flatMap((member) => {
            const symbol = this.checker.getSymbolAtLocation(member.name);
            return symbol ? [this.memberOf(symbol)] : [];
        });
    }

    private memberOf(symbol: ts.Symbol): Member {
        return {
            name: symbol.name,
            type: this.typeOf(symbol),
            isOptional: (symbol.flags & ts.SymbolFlags.Optional) !== 0,
            doc: this.docOf(symbol),
        };
    }

    /** The type as it is written, without what makes an input or an output of it. */
    private typeOf(symbol: ts.Symbol): string {
        const [declaration] = symbol.declarations ?? [];
        const written =
            declaration && "type" in declaration && (declaration.type as ts.TypeNode | undefined)?.getText();
        const bare = (written || "").replace(/pulumi\.(Input|Output)<|Deep<|>/g, "");
        return this.spelledOut(bare.replace(/ \| undefined$/, "").replace(/\s+/g, " "));
    }

    /** A name that stands for a choice of texts, as that choice: as it is written, which no other use of the types changes. */
    private spelledOut(type: string): string {
        const alias = this.exported.get(type)?.declarations?.find(ts.isTypeAliasDeclaration);
        return alias ? alias.type.getText().replace(/\s+/g, " ").replace(/^\| /, "") : type;
    }

    private docOf(symbol: ts.Symbol): string {
        const text = ts.displayPartsToString(symbol.getDocumentationComment(this.checker));
        return text.replace(/\{@link (\w+)\}/g, "`$1`").replace(/\s*\n\s*/g, " ");
    }

    private symbol(name: string): ts.Symbol {
        const symbol = this.exported.get(name) ?? this.declared.get(name);
        if (!symbol) {
            throw new Error(`${name} is described, and no interface or class of that name is there.`);
        }
        return symbol;
    }

    private resolved(symbol: ts.Symbol): ts.Symbol {
        return symbol.flags & ts.SymbolFlags.Alias ? this.checker.getAliasedSymbol(symbol) : symbol;
    }
}
