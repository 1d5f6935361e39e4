package policypattern_test

import (
	"testing"

	"github.com/postern-db/postern/internal/pgtest"
)

func TestMain(m *testing.M) { pgtest.Main(m) }
