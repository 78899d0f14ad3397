# libtorch out of the torch wheel in PEGBOX_VENV: headers and libtorch_cpu; CUDA's library is loaded at run time if there.
file(GLOB PEGBOX_TORCH_FOLDER ${PEGBOX_VENV}/lib/python3*/site-packages/torch)
if(NOT PEGBOX_TORCH_FOLDER)
  message(FATAL_ERROR "no torch wheel in ${PEGBOX_VENV}; `make build` installs it, or configure with -DPEGBOX_TRAINER=OFF")
endif()
file(GLOB PEGBOX_NVIDIA_FOLDERS ${PEGBOX_TORCH_FOLDER}/../nvidia/*/lib)

add_library(pegbox_torch INTERFACE)
# After the system's folders: the wheel carries another fmt, whose headers must not meet the system's library.
target_compile_options(pegbox_torch INTERFACE "SHELL:-idirafter ${PEGBOX_TORCH_FOLDER}/include"
  "SHELL:-idirafter ${PEGBOX_TORCH_FOLDER}/include/torch/csrc/api/include")
target_link_directories(pegbox_torch INTERFACE ${PEGBOX_TORCH_FOLDER}/lib)
target_link_libraries(pegbox_torch INTERFACE torch_cpu c10)
target_link_options(pegbox_torch INTERFACE
  -Wl,--allow-shlib-undefined -Wl,-rpath,${PEGBOX_TORCH_FOLDER}/lib
  "-Wl,-rpath-link,${PEGBOX_TORCH_FOLDER}/lib")
foreach(folder ${PEGBOX_NVIDIA_FOLDERS})
  target_link_options(pegbox_torch INTERFACE -Wl,-rpath,${folder})
endforeach()
