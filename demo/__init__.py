"""A demo of the module: Terraform deploys it to the local AWS, and users come and go."""
