package main

type demoCmd struct{}

func (demoCmd) Run(*session) error { return nil }
