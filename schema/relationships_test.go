package schema_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/postern-db/postern/schema"
)

func api(name string) schema.Name { return schema.Name{Schema: "api", Name: name} }

func pair(source, target string) []schema.ColumnPair {
	return []schema.ColumnPair{{Source: source, Target: target}}
}

// shop has a relationship of every kind; the relations of private are not exposed.
func shop() *schema.Definition {
	hidden := schema.Name{Schema: "private", Name: "audits"}
	table := func(name string, key ...string) *schema.Relation {
		return &schema.Relation{Name: api(name), PrimaryKey: key}
	}
	return &schema.Definition{
		Schemas: []string{"api"},
		Relations: []*schema.Relation{
			table("customers", "id"), table("orders", "id"), table("notes", "order_id"), table("items", "id"),
			table("lines", "item_id", "order_id"), table("loose"),
			{Name: hidden, PrimaryKey: []string{"order_id", "item_id"}},
			{Name: api("open_orders"), Kind: schema.View},
		},
		ForeignKeys: []schema.ForeignKey{
			{Constraint: "orders_customer", Source: api("orders"), Target: api("customers"), Columns: pair("customer_id", "id")},
			{Constraint: "notes_order", Source: api("notes"), Target: api("orders"), Columns: pair("order_id", "id"), Unique: true},
			{Constraint: "lines_order", Source: api("lines"), Target: api("orders"), Columns: pair("order_id", "id")},
			{Constraint: "lines_item", Source: api("lines"), Target: api("items"), Columns: pair("item_id", "id")},
			{Constraint: "loose_order", Source: api("loose"), Target: api("orders"), Columns: pair("order_id", "id")},
			{Constraint: "loose_item", Source: api("loose"), Target: api("items"), Columns: pair("item_id", "id")},
			{Constraint: "audits_order", Source: hidden, Target: api("orders"), Columns: pair("order_id", "id")},
			{Constraint: "audits_item", Source: hidden, Target: api("items"), Columns: pair("item_id", "id")},
		},
		ViewKeys: []schema.ViewKey{
			{
				Table: api("orders"), View: api("open_orders"), Source: api("orders"), Constraint: "orders_pkey", Role: schema.PrimaryKeyRole,
				Columns: []schema.ViewKeyColumn{{TableColumn: "id", ViewColumns: []string{"number", "again"}}},
			},
			{
				Table: api("customers"), View: api("open_orders"), Source: api("customers"), Constraint: "customers_pkey", Role: schema.PrimaryKeyRole,
				Columns: []schema.ViewKeyColumn{{TableColumn: "id", ViewColumns: []string{"customer"}}},
			},
			{
				Table: api("orders"), View: api("open_orders"), Source: api("orders"), Constraint: "orders_customer", Role: schema.ForeignKeyRole,
				Columns: []schema.ViewKeyColumn{{TableColumn: "customer_id", ViewColumns: []string{"customer"}}},
			},
			{
				Table: api("orders"), View: api("open_orders"), Source: api("notes"), Constraint: "notes_order", Role: schema.ReferencedRole,
				Columns: []schema.ViewKeyColumn{{TableColumn: "id", ViewColumns: []string{"number", "again"}}},
			},
		},
		ComputedRelationships: []schema.ComputedRelationship{
			{Function: api("items"), Source: api("customers"), Target: api("items"), SingleRow: true},
			{Function: api("customers"), Source: api("orders"), Target: api("customers")},
		},
	}
}

func TestRelationships(t *testing.T) {
	t.Parallel()
	c := schema.New(shop())
	want := map[string][]string{
		"customers": {
			"items computed to one", "open_orders one-to-many orders_customer to many", "orders one-to-many orders_customer to many",
		},
		// The computed one replaces the foreign key's.
		"orders": {
			"customers computed to many", "items many-to-many through lines to many", "lines one-to-many lines_order to many",
			"loose one-to-many loose_order to many", "notes one-to-one notes_order to one",
		},
		"notes":       {"open_orders one-to-one notes_order to one", "open_orders one-to-one notes_order to one", "orders one-to-one notes_order to one"},
		"open_orders": {"customers many-to-one orders_customer to one", "notes one-to-one notes_order to one", "notes one-to-one notes_order to one"},
		"lines":       {"items many-to-one lines_item to one", "orders many-to-one lines_order to one"},
		"loose":       {"items many-to-one loose_item to one", "orders many-to-one loose_order to one"},
		"items":       {"lines one-to-many lines_item to many", "loose one-to-many loose_item to many", "orders many-to-many through lines to many"},
	}
	for source, list := range want {
		var got []string
		for _, r := range c.Relationships(api(source)) {
			by := r.Constraint
			if r.Junction != nil {
				by = "through " + r.Junction.Relation.Name
			}
			text := fmt.Sprintf("%s %s", r.Target.Name, r.Cardinality)
			if by != "" {
				text += " " + by
			}
			to := "many"
			if r.ToOne() {
				to = "one"
			}
			got = append(got, text+" to "+to)
		}
		if !slices.Equal(got, list) {
			t.Errorf("%s: got %q, want %q", source, got, list)
		}
	}
	var sources []string
	for _, n := range c.RelationshipSources() {
		sources = append(sources, n.Name)
	}
	if !slices.Equal(sources, []string{"customers", "items", "lines", "loose", "notes", "open_orders", "orders"}) {
		t.Errorf("sources %q", sources)
	}
	if key := c.Relation(api("open_orders")).PrimaryKey; !slices.Equal(key, []string{"customer", "number"}) {
		t.Errorf("the view's key is %q", key)
	}
	if c.Relation(schema.Name{Schema: "private", Name: "audits"}) != nil || c.RelationCount() != 7 || len(c.Relations("private")) != 0 {
		t.Error("an unexposed relation is exposed")
	}
}

// TestSelfReference has one foreign key of a relation to itself, which makes two relationships.
func TestSelfReference(t *testing.T) {
	t.Parallel()
	c := schema.New(&schema.Definition{
		Schemas:     []string{"api"},
		Relations:   []*schema.Relation{{Name: api("staff"), PrimaryKey: []string{"id"}}},
		ForeignKeys: []schema.ForeignKey{{Constraint: "boss", Source: api("staff"), Target: api("staff"), Columns: pair("boss_id", "id")}},
	})
	rels := c.Relationships(api("staff"))
	if len(rels) != 2 || !rels[0].IsSelf || rels[0].Cardinality != schema.OneToMany || rels[0].Columns[0] != (schema.ColumnPair{Source: "id", Target: "boss_id"}) ||
		rels[1].Cardinality != schema.ManyToOne {
		t.Errorf("got %+v", rels)
	}
}

// TestOverloads proves that routines with fewer parameters come first, whatever the order of the definition.
func TestOverloads(t *testing.T) {
	t.Parallel()
	routine := func(names ...string) *schema.Routine {
		r := &schema.Routine{Name: api("f")}
		for _, n := range names {
			r.Parameters = append(r.Parameters, schema.Parameter{Name: n, Type: "text"})
		}
		return r
	}
	c := schema.New(&schema.Definition{Schemas: []string{"api"}, Routines: []*schema.Routine{routine("b", "c"), routine("b"), routine(), routine("a")}})
	var got []string
	for _, r := range c.Routines(api("f")) {
		name := ""
		for _, p := range r.Parameters {
			name += p.Name
		}
		got = append(got, name)
	}
	if !slices.Equal(got, []string{"", "a", "b", "bc"}) || len(c.RoutineNames()) != 1 || c.Routines(api("g")) != nil {
		t.Errorf("got %q", got)
	}
}

func TestLookups(t *testing.T) {
	t.Parallel()
	d := shop()
	d.Relations[0].Columns = []*schema.Column{{Name: "id", NominalType: "color"}}
	d.Representations = []schema.Representation{{Source: "color", Target: "json", Function: "f"}}
	d.MediaHandlers = []schema.MediaHandler{
		{Function: api("h"), Relation: schema.Name{Schema: "pg_catalog", Name: "anyelement"}, MediaType: "text/x"},
		{Function: api("i"), Relation: api("items"), MediaType: "text/y"},
	}
	d.ComputedFields = []schema.ComputedField{{Function: api("full_name"), Relation: api("customers")}}
	d.Roles = []schema.Role{{Name: "b"}, {Name: "a"}}
	d.Comments = map[string]string{"api": "hello"}
	c := schema.New(d)
	customers := c.Relation(api("customers"))
	for what, ok := range map[string]bool{
		"representation":          c.Representation("color", "json") == "f" && c.Representation("json", "color") == "" && len(c.Representations()) == 1,
		"relation with one":       c.HasOutputRepresentation(customers) && !c.HasOutputRepresentation(c.Relation(api("items"))),
		"handler of everything":   c.AnyMediaHandler("text/x").HandlesAny() && c.AnyMediaHandler("text/y") == nil,
		"handler of a relation":   c.MediaHandler(api("items"), "text/y") != nil && !c.MediaHandler(api("items"), "text/y").HandlesAny() && len(c.MediaHandlers()) == 2,
		"computed field":          c.ComputedField(api("customers"), "full_name") != nil && c.ComputedField(api("items"), "full_name") == nil,
		"role":                    c.Role("a") != nil && c.Role("c") == nil && c.Roles()[0].Name == "a",
		"comment":                 c.Comment("api") == "hello" && c.Comment("x") == "",
		"column":                  customers.Column("id") != nil && customers.Column("ID") == nil,
		"nothing in an empty one": schema.New(&schema.Definition{}).MediaHandler(api("x"), "y") == nil && schema.New(&schema.Definition{}).ComputedField(api("x"), "y") == nil,
		"schemas":                 c.Exposes("api") && !c.Exposes("private"),
		"row type":                schema.NewRowType(api("r"), customers.Columns).Column("id") != nil,
		"kinds in words":          schema.ForeignTable.String() == "foreign table" && schema.Kind(99).String() == "unknown",
		"returns of routines":     (&schema.Routine{Returns: schema.Name{Schema: "pg_catalog", Name: "void"}}).ReturnsVoid() && (&schema.Routine{ReturnsSet: true}).ReturnsSetOfScalar(),
		"single rows of routines": (&schema.Routine{Composite: true}).ReturnsSingleComposite() && !(&schema.Routine{Composite: true, ReturnsSet: true}).ReturnsSingleComposite(),
		"cardinalities in words":  schema.Computed.String() == "computed" && schema.Cardinality(99).String() == "unknown",
	} {
		if !ok {
			t.Errorf("%s: wrong", what)
		}
	}
}
