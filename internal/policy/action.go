package policy

// Action is what a caller may want to do with a relation.
type Action int

// The actions, in the order in which they are shown.
const (
	CreateRows Action = iota
	ReadRows
	UpdateRows
	DeleteRows
)

// Actions are all of them, in order.
var Actions = []Action{CreateRows, ReadRows, UpdateRows, DeleteRows}

// String is create, read, update or delete.
func (a Action) String() string { return [...]string{"create", "read", "update", "delete"}[a] }

// Privilege is the SQL command of the action, which is also the privilege it needs.
func (a Action) Privilege() Privilege { return [...]Privilege{Insert, Select, Update, Delete}[a] }

// mask is the action's bit in what pg_relation_is_updatable returns: 1 << PostgreSQL's number of the command.
func (a Action) mask() int { return [...]int{1 << 3, 0, 1 << 2, 1 << 4}[a] }
