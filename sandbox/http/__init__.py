"""HTTP: all of the local AWS answers at one address."""
