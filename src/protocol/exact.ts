/**
 * `Value`, if it has no key that `Shape` lacks, at any depth; one that it does have becomes
 * `never`.
 *
 * TypeScript lets surplus keys pass wherever a value is not a fresh literal of its target's type,
 * and a default would then hide that a field of a reply is misspelt. `Value` is inferred from what
 * is given: `<Value extends Shape>(value: Exact<Shape, Value>)`. So it is from what a function
 * returns, now or later: `<Value extends Shape | Promise<Shape>>(serve: () => Exact<Shape,
 * Value>)`.
 */
export type Exact<Shape, Value> = Value & Checked<Shape, Value>

type Leaf = string | number | bigint | boolean | symbol | null | undefined | Uint8Array

/** What `Value` has to be beside itself: `never` stands at each surplus key. */
type Checked<Shape, Value> = Value extends Leaf
  ? unknown
  : Value extends Promise<infer Settled>
    ? Promise<Checked<Shape, Settled>>
    : Value extends readonly (infer Element)[]
      ? readonly Checked<ElementOf<Shape>, Element>[]
      : {
          [Key in keyof Value]: Key extends KeyOf<Shape>
            ? Checked<Member<Shape, Key>, Value[Key]>
            : never
        }

/** What an array holds, of all arrays in a union. */
type ElementOf<Shape> = Shape extends readonly (infer Element)[] ? Element : never

/** The keys of all plain objects in a union. */
type KeyOf<Shape> = Shape extends Leaf | readonly unknown[] ? never : keyof Shape

/** What stands at a key, of all plain objects in a union. */
type Member<Shape, Key extends PropertyKey> = Shape extends Leaf | readonly unknown[]
  ? never
  : Key extends keyof Shape
    ? Shape[Key]
    : never
