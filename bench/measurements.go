package main

// measurement finds out one thing. Its name is what -only picks it by.
type measurement struct {
	name    string
	measure func(*stand) (section, error)
}

const profiling = "profile"

// measurements are all there are, in the order of the table. Those further
// down compute from what those before them left in the figures.
var measurements = []measurement{
	{"gated", (*stand).measureGated},
	{"proxied", (*stand).measureProxied},
	{"allocations", (*stand).measureAllocations},
	{"refused", (*stand).measureRefused},
	{"forged", (*stand).measureForged},
	{"redis", (*stand).measureRedis},
	{"memory", (*stand).measureMemory},
	{"bolt", (*stand).measureBolt},
	{"million", (*stand).measureMillion},
	{"people", (*stand).measurePeople},
	{"weight", (*stand).measureWeight},
	{"pages", (*stand).measurePages},
	{"growth", (*stand).measureGrowth},
	{"scaling", (*stand).measureScaling},
	{profiling, (*stand).measureProfile},
}

// figures are what one measurement found out that others compute with, or that
// is drawn.
type figures struct {
	gated  samples // a gated request through reverse_proxy
	growth []panel
}
